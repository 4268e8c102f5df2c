"""Brings monitors that are behind their group to where it is: each from its own place, folded by record.

Nobody waits for a slow monitor, and a slow one gets less instead of later: what it missed, with the
windows that went out meanwhile, once its outbox is empty. What is sent so is whole records, which no budget
counts: so it is twice what polling sends at once, at most, and a snapshot where it would be more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from hub.event_log import LoggedEvent
from hub.group_queue import GroupQueue
from hub.list_tracker import lists_left
from hub.replicator import Replicator
from hub.seat import Monitor
from hub.snapshot import ListWindow
from hub.subscription import fold, window_message
from hub.wire_form import FORMS
from hub.ws.connection import frame

ALONE_BYTES: Final = 262_144  # a monitor that is owed more than this is better off with a snapshot
_ALONE_LEAST_BYTES: Final = (
    65_536  # what it may always be sent: polling of an idle hub is a kilobyte
)

Counts = Sequence[int] | None


class Rescue(Protocol):
    """Who takes monitors that cannot be served from the ring."""

    def want_snapshot(self, monitor: Monitor) -> None:
        """Take the monitor out and begin with it anew."""

    def want_replay(self, monitor: Monitor) -> None:
        """Take the monitor out, serve it from the stream and bring it back."""


class CatchUp:
    """Serves the monitors of one group that are behind it. `windows`: the last one of each list."""

    def __init__(
        self, epoch: str, queue: GroupQueue, replicator: Replicator, rescue: Rescue
    ) -> None:
        self._epoch = epoch
        self._queue = queue
        self._replicator = replicator
        self._rescue = rescue
        self._form = FORMS[queue.subscription.form]
        self.windows: dict[str, ListWindow] = {}
        self._seq = 0
        self._counts: Counts = None
        self._most_bytes = ALONE_BYTES
        self._shared: dict[tuple[int, int, Counts], bytes] = {}

    def serve(
        self, behind: Iterable[Monitor], seq: int, counts: Counts, polling_bytes: int
    ) -> list[Monitor]:
        """Bring whoever has nothing waiting to `seq`, where the group is; returns who is there now.

        Args: polling_bytes: one `stats_broadcast`; 0 when that is not known.
        """
        self._seq, self._counts = seq, counts
        if polling_bytes:
            self._most_bytes = min(ALONE_BYTES, max(_ALONE_LEAST_BYTES, 2 * polling_bytes))
        self._shared.clear()
        caught_up = []
        for monitor in behind:
            if monitor.peer.backlog_bytes:
                continue
            if not self._replicator.reaches(monitor.floor):
                self._rescue.want_replay(monitor)
            elif self._bring(monitor):
                caught_up.append(monitor)
        return caught_up

    def owed(self, cursor: int, floor: int, target: int) -> list[LoggedEvent]:
        """What was not sent up to `target`, but for the progress that the group itself holds back."""
        since = self._replicator.since(min(floor, cursor)) or []
        wants = self._queue.subscription.wants
        folded = fold(item for item in since if item.seq <= target and wants(item.event))
        held = {logged.seq for logged in self._queue.progress.held.values()}
        return [
            item
            for item in folded
            if (item.seq > cursor or item.event.type == "job_progress") and item.seq not in held
        ]

    def _bring(self, monitor: Monitor) -> bool:
        missed = [(name, self.windows[name]) for name in monitor.missed]
        for name, window in sorted(missed, key=lambda item: item[1].seq):
            if window.seq < monitor.cursor:
                continue
            if window.seq > monitor.cursor and not self._send(monitor, window.seq):
                return False
            monitor.peer.send_frame(frame(window_message(monitor.cursor, name, window)))
        monitor.missed.clear()
        owed = monitor.cursor < self._seq or monitor.floor < monitor.cursor
        if owed or monitor.told_counts != self._counts:
            return self._send(monitor, self._seq)
        return True

    def _send(self, monitor: Monitor, target: int) -> bool:
        """Bring one monitor to `target`; False when a snapshot is less to send."""
        counts = self._counts if target == self._seq else self._replicator.counts_at(target)
        framed = self._framed(monitor, target, counts)
        if len(framed) > self._most_bytes:
            self._rescue.want_snapshot(monitor)
            return False
        monitor.peer.send_frame(framed)
        monitor.cursor = target
        monitor.floor = self._queue.progress.floor(target)
        monitor.told_counts = counts
        self._queue.unsure |= self._queue.tracker.holed
        return True

    def _doubt(self, cursor: int, target: int, told: int) -> None:
        """Note the lists of which a monitor may show fewer rows than the mirror, once it was told so little.

        A job that left a list and moved on is told once, at its last place in the log: until then it takes up
        a row, and what came in meanwhile pushed another one out.

        Args: told: how many of the events after `cursor`; progress before it is told besides.
        """
        span = (self._replicator.since(cursor) or [])[: max(0, target - cursor)]
        if told < len(span):
            self._queue.unsure |= lists_left(span) & self._queue.tracker.cut

    def _framed(self, monitor: Monitor, target: int, counts: Counts) -> bytes:
        """The frame from a monitor's place to `target`; those at one place share it."""
        known = monitor.told_counts
        key = (monitor.cursor, monitor.floor, known)
        framed = self._shared.get(key) if target == self._seq else None
        if framed is None:
            events = self.owed(monitor.cursor, monitor.floor, target)
            self._doubt(monitor.cursor, target, sum(item.seq > monitor.cursor for item in events))
            framed = frame(
                self._form.events(self._epoch, monitor.cursor, target, events, counts, known)
            )
            if target == self._seq:
                self._shared[key] = framed
        return framed
