"""How much a monitor may be sent: less than polling would have sent, and one burst.

docs/decisions/0005-traffic-of-a-monitor.md says why a burst: events shall come in milliseconds, and
only a load that lasts is worth folding. A group in debt sends no records until it is paid.
"""

from __future__ import annotations

from typing import Final

POLL_EVERY_S: Final = 2.0  # of stats_broadcast
_SHARE: Final = 0.85  # of polling's rate: what it costs is learned every few seconds only


def earned(polling_bytes: int, seconds: float) -> float:
    """What a bucket fills by. `polling_bytes`: one `stats_broadcast` of the present state."""
    return _SHARE * polling_bytes / POLL_EVERY_S * seconds


class TrafficBudget:
    """A bucket that fills nearly at the rate of polling.

    Args: now: seconds that never go back. burst_bytes: what it holds (JOBHUB_MONITOR_BURST_BYTES).
    """

    def __init__(self, now: float, burst_bytes: int) -> None:
        self._burst_bytes = burst_bytes
        self._bytes = float(burst_bytes)
        self._filled_at = now

    def ready(self, now: float, polling_bytes: int) -> bool:
        """Whether records may be sent."""
        filled = self._bytes + earned(polling_bytes, now - self._filled_at)
        self._bytes = min(self._burst_bytes, filled)
        self._filled_at = now
        return self._bytes >= 0

    def left(self, polling_bytes: int) -> float:
        """What a frame may take: what is there, and a debt of half of what polling sends at once."""
        return max(0.0, self._bytes) + polling_bytes / 2

    def spend(self, size_bytes: int) -> None:
        """Count what was sent to every monitor of the group."""
        self._bytes -= size_bytes

    @property
    def low(self) -> bool:
        """Whether half of the burst is gone: time to learn what polling would cost."""
        return self._bytes < self._burst_bytes / 2
