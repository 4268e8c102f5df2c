"""What the delivery of events has done since this hub started; /metrics shows it."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from hub.event_log import LoggedEvent

LAG_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class MonitorMeter:
    """Counters, and a histogram of the time from Redis to the sockets."""

    def __init__(self) -> None:
        self.snapshots = 0
        self.resumes = 0
        self.resyncs = 0  # monitors begun anew because they were too far behind
        self.slow_closes = 0
        self.restarts = 0
        self.lag_counts = [0] * (len(LAG_BOUNDS_S) + 1)
        self.lag_sum_s = 0.0
        self.last_stats: bytes | None = None  # the newest system_stats, as published
        self._waiting: list[tuple[int, int]] = []

    def heard(self, events: Sequence[LoggedEvent]) -> None:
        """Note that events came; their delivery ends with the next flush."""
        for logged in events:
            if logged.event.type == "system_stats":
                self.last_stats = logged.raw
        if len(self._waiting) < 1_000:  # a flush comes long before; what is over it is not measured
            self._waiting.append((events[-1].event.timestamp, len(events)))

    def flushed(self) -> None:
        """Note that what came was handed to the sockets: commit to write, by the clocks of both machines."""
        waiting, self._waiting = self._waiting, []
        now_ms = time.time_ns() / 1_000_000
        for timestamp_ms, events in waiting:
            lag_s = max(0.0, now_ms - timestamp_ms) / 1_000
            self.lag_counts[bisect_left(LAG_BOUNDS_S, lag_s)] += events
            self.lag_sum_s += lag_s * events
