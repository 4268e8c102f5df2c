"""Monitors with the same subscription: each frame is built once and sent to all that are up to date.

A monitor has a cursor, the seq of the last frame it was given. Whoever stands where the group stands
and has nothing waiting gets the group's frame; anyone else (just arrived, or slow) is served alone
once its outbox is empty: everything since its cursor, folded by record. So nobody waits for a slow
monitor, a slow one gets less instead of later, and `prev` always is the frame before on that connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from hub.event_log import LoggedEvent
from hub.list_tracker import ListTracker
from hub.replicator import Replicator
from hub.snapshot import ListWindow, Snapshot, SnapshotReader, filter_rows
from hub.subscription import Subscription, events_message, fold, window_message

BOOKMARK_S: Final = 1.0
IDLE_BOOKMARK_S: Final = 15.0
PROGRESS_EVERY_S: Final = 0.5
STALLED_S: Final = 2.0  # a monitor that takes nothing for so long is closed
SNAPSHOT_STALLED_S: Final = 30.0
_YIELD_EVERY: Final = 50  # sends between two chances for the job path
_FOLD_OVER: Final = 200  # events in one frame that are worth folding


class Peer(Protocol):
    """The connection of a monitor, as far as a group uses it."""

    @property
    def backlog_bytes(self) -> int:
        """What waits to be taken."""

    @property
    def stalled_s(self) -> float:
        """Seconds since the peer last took anything of what waits."""

    def send_frame(self, framed: bytes) -> None:
        """Queue framed bytes."""


class Monitor:
    """A subscribed connection. `cursor` is the seq of the last frame sent to it."""

    def __init__(self, peer: Peer, cursor: int) -> None:
        self.peer = peer
        self.cursor = cursor
        self.told_counts: tuple[int, ...] | None = None
        self.grace_until = time.monotonic() + SNAPSHOT_STALLED_S

    def too_slow(self, now: float) -> bool:
        """Whether it has taken nothing for longer than a monitor may."""
        return self.peer.stalled_s > STALLED_S and now > self.grace_until


class MonitorGroup:
    """Serves the monitors of one subscription.

    Args: frame: puts a message into WebSocket bytes. lost: what to do with a monitor whose cursor the
          ring no longer reaches.
    """

    def __init__(
        self,
        subscription: Subscription,
        replicator: Replicator,
        snapshots: SnapshotReader,
        frame: Callable[[bytes], bytes],
        lost: Callable[[Monitor], None],
    ) -> None:
        self.subscription = subscription
        self.members: set[Monitor] = set()
        self._replicator = replicator
        self._snapshots = snapshots
        self._frame = frame
        self._lost = lost
        self._tracker = ListTracker()
        self._windows: list[tuple[str, ListWindow]] = []
        self._progress_at: dict[str, float] = {}
        self._deferred: dict[str, LoggedEvent] = {}
        self.seq = replicator.seq
        self._seen = replicator.seq
        self._told_counts: tuple[int, ...] | None = None
        self._sent_at = 0.0

    def add(self, monitor: Monitor, snapshot: Snapshot | None, now: float) -> None:
        """Serve a monitor from its cursor on; `snapshot` is what it was just sent, if anything."""
        self.members.add(monitor)
        if snapshot is None:
            return
        monitor.told_counts = tuple(snapshot.counts.values())
        for name, rows in snapshot.jobs.items():
            self._tracker.fill(name, rows, now)
        for logged in self._replicator.since(snapshot.seq) or ():
            if logged.seq <= self._seen:
                self._tracker.apply(logged.event)

    def flush(self, now: float) -> None:
        """Send what is new, windows that are due, and bookmarks."""
        self._ask_windows(now)
        for name, window in sorted(self._windows, key=lambda item: item[1].seq):
            if window.epoch != self._replicator.epoch or window.seq < self.seq:
                self._windows.remove((name, window))
            elif window.seq <= self._replicator.seq:
                self._windows.remove((name, window))
                self._send_events(window.seq, now, due=False)
                self._send_window(name, window, now)
        if not self._windows:
            self._send_events(self._replicator.seq, now, due=self._bookmark_due(now))

    def _bookmark_due(self, now: float) -> bool:
        quiet_s = now - self._sent_at
        if self._replicator.seq > self.seq:
            return quiet_s >= BOOKMARK_S
        return quiet_s >= IDLE_BOOKMARK_S

    def _send_events(self, target: int, now: float, *, due: bool) -> None:
        """Bring the group from its seq to `target`, in one frame, if there is anything to say."""
        fresh = self._replicator.since(self._seen)
        if fresh is None:  # never in a flush that runs; the epoch check restarts the group
            return
        fresh = [logged for logged in fresh if logged.seq <= target]
        events = self._chosen(fresh, now)
        self._seen = max(self._seen, target)
        if events or due:
            self._send_frame(target, events, self._counts_at(target), now)
        self._serve_stragglers(now)

    def _chosen(self, fresh: Sequence[LoggedEvent], now: float) -> list[LoggedEvent]:
        """What the subscription wants of `fresh`; a job's progress at most twice a second."""
        chosen = []
        for logged in fresh:
            event = logged.event
            self._tracker.apply(event)
            if not self.subscription.wants(event):
                continue
            job_id = event.job_id or ""
            if event.type == "job_progress":
                if now - self._progress_at.get(job_id, 0.0) < PROGRESS_EVERY_S:
                    self._deferred[job_id] = logged
                    continue
                self._progress_at[job_id] = now
            elif event.job is not None:
                self._deferred.pop(job_id, None)
                if event.new_status not in ("assigned", "in_progress"):
                    self._progress_at.pop(job_id, None)
            chosen.append(logged)
        for job_id in list(self._deferred):
            if now - self._progress_at.get(job_id, 0.0) >= PROGRESS_EVERY_S:
                self._progress_at[job_id] = now
                chosen.append(self._deferred.pop(job_id))
        if len(chosen) > _FOLD_OVER:
            return fold(chosen)
        chosen.sort(key=lambda logged: logged.seq)
        return chosen

    def _counts_at(self, seq: int) -> tuple[int, ...]:
        if seq == self._replicator.seq:
            return self._replicator.counts
        behind = self._replicator.since(seq - 1)
        return behind[0].counts if behind else self._replicator.counts

    def _send_frame(
        self, target: int, events: Sequence[LoggedEvent], counts: tuple[int, ...], now: float
    ) -> None:
        told = None if counts == self._told_counts else counts
        shared = self._frame(events_message(self._replicator.epoch, self.seq, target, events, told))
        self._to_members(shared, target)
        if told is not None:
            for monitor in self.members:
                if monitor.cursor == target:
                    monitor.told_counts = counts
        self.seq, self._told_counts, self._sent_at = target, counts, now

    def _to_members(self, framed: bytes, target: int) -> None:
        sent = 0
        for monitor in list(self.members):
            in_step = monitor.cursor == self.seq and monitor.told_counts == self._told_counts
            if in_step and not monitor.peer.backlog_bytes:
                monitor.peer.send_frame(framed)
                monitor.cursor = target
                sent += 1
                if sent % _YIELD_EVERY == 0:
                    time.sleep(0)

    def _serve_stragglers(self, now: float) -> None:
        """Bring everyone who is not where the group is there, from its own cursor, folded."""
        for monitor in list(self.members):
            if monitor.cursor >= self.seq and monitor.told_counts == self._told_counts:
                continue
            if monitor.cursor > self.seq or monitor.peer.backlog_bytes:
                continue
            events = self._replicator.since(monitor.cursor)
            if events is None:
                self._lost(monitor)
                continue
            wanted = [
                logged
                for logged in events
                if logged.seq <= self.seq and self.subscription.wants(logged.event)
            ]
            message = events_message(
                self._replicator.epoch, monitor.cursor, self.seq, fold(wanted), self._told_counts
            )
            monitor.peer.send_frame(self._frame(message))
            monitor.cursor, monitor.told_counts = self.seq, self._told_counts

    def _ask_windows(self, now: float) -> None:
        asked = {name for name, _ in self._windows}
        for name in self._tracker.due(now):
            if name not in asked:
                self._windows.append((name, self._snapshots.read_window(name)))

    def _send_window(self, name: str, window: ListWindow, now: float) -> None:
        rows = filter_rows(window.rows, self.subscription.filters)
        self._tracker.fill(name, rows, now)
        shown = msgspec.structs.replace(window, rows=rows)
        self._to_members(self._frame(window_message(self.seq, name, shown)), window.seq)
        self.seq = max(self.seq, window.seq)
