"""The monitors of a group: those in step are sent its frames in one loop, the others wait to be served alone.

Whoever is in step has what the group has, so nothing is noted for it when a frame goes out: only a monitor
that does not take one is given a place of its own, the one before that frame.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from hub.seat import Monitor

_YIELD_EVERY: Final = 50  # sends between two chances for the job path


class Audience:
    """Who listens to a group. `arrivals`: they were not told yet where the group is."""

    def __init__(self) -> None:
        self.arrivals: set[Monitor] = set()
        self._in_step: set[Monitor] = set()
        self._behind: set[Monitor] = set()

    def __bool__(self) -> bool:
        return bool(self._in_step or self._behind or self.arrivals)

    def __iter__(self) -> Iterator[Monitor]:
        return iter([*self._in_step, *self._behind, *self.arrivals])

    @property
    def behind(self) -> list[Monitor]:
        """Those that are to be brought where the group is."""
        return list(self._behind)

    def arrive(self, monitor: Monitor) -> None:
        """Let a monitor in; it waits until the group is where it is."""
        self.arrivals.add(monitor)

    def take_in(self, monitor: Monitor) -> None:
        """Serve somebody who arrived from its own place on."""
        self.arrivals.discard(monitor)
        self._behind.add(monitor)

    def leave(self, monitor: Monitor) -> None:
        """Forget a monitor."""
        for place in (self.arrivals, self._in_step, self._behind):
            place.discard(monitor)

    def fall_in(self, monitor: Monitor) -> None:
        """Send a monitor the group's frames from now on: it has all that the group has."""
        if monitor in self._behind:  # it may have left while it was served
            self._behind.discard(monitor)
            self._in_step.add(monitor)

    def send(
        self, framed: bytes, seq: int, told_counts: Sequence[int] | None, owed_from: int
    ) -> None:
        """Send a frame to whoever is in step; who has something waiting falls behind instead.

        Args: seq, told_counts: where the group was before this frame. owed_from: no progress up to there
              is owed to anybody.
        """
        fallen = []
        for number, monitor in enumerate(list(self._in_step), 1):
            if not monitor.peer.offer_frame(framed):
                fallen.append(monitor)
            if not number % _YIELD_EVERY:
                time.sleep(0)
        for monitor in fallen:
            monitor.cursor, monitor.told_counts = seq, told_counts
            monitor.floor = min(owed_from, seq)
            self._in_step.discard(monitor)
            self._behind.add(monitor)
