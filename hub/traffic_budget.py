"""How much a monitor may be sent: at most what polling would have sent, and one burst.

docs/decisions/0005-traffic-of-a-monitor.md says why a burst: events shall come in milliseconds, and
only a load that lasts is worth folding. A group in debt waits, at most `HELD_S`, and then sends every
record once; the frame is as large as what changed on the screen, however many events that were.
"""

from __future__ import annotations

from typing import Final

POLL_EVERY_S: Final = 2.0  # of stats_broadcast
HELD_S: Final = 5.0  # longer than any state needs (docs/decisions/0005); nobody waits longer


class TrafficBudget:
    """A bucket that fills at the rate of polling.

    Args: now: seconds that never go back. burst_bytes: what it holds (JOBHUB_MONITOR_BURST_BYTES).
    """

    def __init__(self, now: float, burst_bytes: int) -> None:
        self._burst_bytes = burst_bytes
        self._bytes = float(burst_bytes)
        self._filled_at = now
        self._spent_at = now

    def ready(self, now: float, polling_bytes: int) -> bool:
        """Whether a frame may go out. `polling_bytes`: one `stats_broadcast` of the present state."""
        rate = polling_bytes / POLL_EVERY_S
        self._bytes = min(self._burst_bytes, self._bytes + rate * (now - self._filled_at))
        self._filled_at = now
        return self._bytes >= 0 or now - self._spent_at >= HELD_S

    def spend(self, size_bytes: int, now: float) -> None:
        """Count a frame; a large one makes a debt, but no older than one frame."""
        self._bytes = max(self._bytes, 0.0) - size_bytes
        self._spent_at = now

    @property
    def low(self) -> bool:
        """Whether half of the burst is gone: time to learn what polling would cost."""
        return self._bytes < self._burst_bytes / 2
