"""Monitors with the same subscription: each frame is built once and sent to all that are up to date.

A monitor has a cursor, the seq of the last frame it was given. Whoever has what the group has, and
nothing waiting, gets the group's frame; anyone else (just arrived, or slow) is served alone once its
outbox is empty: everything since its cursor, folded by record, with the windows that it missed. So
nobody waits for a slow monitor, a slow one gets less instead of later, and `prev` always is the frame
before on that connection. Nothing here waits for Redis: windows are asked for and come when read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, Protocol

from hub.event_log import LoggedEvent
from hub.group_queue import GroupQueue
from hub.list_tracker import ListTracker
from hub.replicator import Replicator
from hub.resumption import Resumption, find_resumption
from hub.seat import Monitor
from hub.snapshot import ListWindow, Snapshot
from hub.subscription import Subscription, events_message, fold, window_message
from hub.traffic_budget import TrafficBudget
from hub.ws.connection import frame

BOOKMARK_S: Final = 1.0
IDLE_BOOKMARK_S: Final = 15.0
_YIELD_EVERY: Final = 50  # sends between two chances for the job path
_GROUP_BYTES: Final = 524_288  # a frame that is larger than this is no better than a snapshot
ALONE_BYTES: Final = 262_144  # a monitor that is owed more than this is better off with a snapshot
_FREEZE_S: Final = 0.1  # how long a group stands still for a list that is being read


class Desk(Protocol):
    """Who reads from Redis for a group, and takes monitors that the ring no longer serves."""

    def want_window(self, group: MonitorGroup, list_name: str) -> None:
        """Read a list and `offer` it."""

    def want_snapshot(self, monitor: Monitor) -> None:
        """Take the monitor out and begin with it anew."""

    def want_replay(self, monitor: Monitor) -> None:
        """Take the monitor out, serve it from the stream and bring it back."""


class MonitorGroup:
    """Serves the monitors of one subscription in one epoch."""

    def __init__(
        self,
        subscription: Subscription,
        replicator: Replicator,
        desk: Desk,
        budget: TrafficBudget,
        now: float,
    ) -> None:
        self.subscription = subscription
        self.members: set[Monitor] = set()
        self.budget = budget
        self.epoch = replicator.epoch
        self.seq = replicator.seq
        self._replicator = replicator
        self._desk = desk
        self._queue = GroupQueue(subscription, self.seq)
        self._arrivals: set[Monitor] = set()
        self._learned: Snapshot | None = None
        self._asked: dict[str, float] = {}
        self._suspect: set[str] = set()  # lists that a resumed monitor may show with a hole
        self._windows: list[tuple[str, ListWindow]] = []
        self._last_windows: dict[str, ListWindow] = {}
        self._told_counts: Sequence[int] | None = None
        self._sent_at = now
        self._held = False

    def add(self, monitor: Monitor) -> None:
        """Serve a monitor from its cursor on; its snapshot or `resumed` is on its way already."""
        self.members.add(monitor)
        self._arrivals.add(monitor)

    def remove(self, monitor: Monitor) -> None:
        """Serve a monitor no more."""
        self.members.discard(monitor)
        self._arrivals.discard(monitor)

    def offer(self, list_name: str, window: ListWindow | None) -> None:
        """Bring the rows of a list that was asked for; None when it could not be read."""
        self._asked.pop(list_name, None)
        if window is not None and window.epoch == self.epoch:
            self._windows.append((list_name, window))

    def flush(self, now: float, polling_bytes: int) -> None:
        """Send what is new, windows that are due, and bookmarks."""
        if self.epoch != self._replicator.epoch:
            return
        if not self.budget.ready(now, polling_bytes):
            self._wait(now)
            return
        if self._frozen(now):
            return
        for name, window in sorted(self._windows, key=lambda item: item[1].seq):
            if window.seq <= self._replicator.seq:
                self._windows.remove((name, window))
                self._take_window(name, window, now)
        self._advance(self._replicator.seq, now)
        self._held = False
        if not self._windows:
            self._ask_windows(now)

    # --- The group's own frames ---------------------------------------------------------------

    def _wait(self, now: float) -> None:
        """Take in, and send nothing but a sign of life: polling would have sent no more."""
        self._held = True
        if not self._frozen(now) and not self._windows:
            self._scan(self._replicator.seq, now)
        if now - self._sent_at >= BOOKMARK_S:
            owed_from = self._queue.progress.floor(self.seq)
            self._to_members(self._empty(), self.seq, owed_from)
            self._sent_at = now

    def _empty(self) -> bytes:
        return events_message(self.epoch, self.seq, self.seq, (), None)

    def _advance(self, target: int, now: float, *, force: bool = False) -> None:
        """Bring the group to `target` in one frame, if there is anything to say or `force`."""
        if not self._scan(target, now):
            return
        owed_from = self._queue.progress.floor(self.seq)
        events = self._queue.release(now, held=self._held)
        waited_for = any(self.seq < monitor.cursor <= target for monitor in self._arrivals)
        if events or force or waited_for or self._bookmark_due(target, now):
            counts = self._replicator.counts_at(target) or self._told_counts
            told = None if counts == self._told_counts else counts
            self._told_counts = counts
            message = events_message(self.epoch, self.seq, target, events, told)
            if len(message) > _GROUP_BYTES:
                self._begin_anew()
            self._to_members(message, target, owed_from)
            self.budget.spend(len(message), now)
            self.seq, self._sent_at = target, now
        self._arrive(now)
        self._serve_alone()

    def _begin_anew(self) -> None:
        """A snapshot is less to send than all that happened."""
        for monitor in list(self.members):
            self._desk.want_snapshot(monitor)

    def _scan(self, target: int, now: float) -> bool:
        seen = self._queue.seen
        fresh = self._replicator.since(seen)
        if fresh is None:  # a flush came so late that the ring moved on
            self._begin_anew()
            return False
        self._queue.take(fresh[: max(0, target - seen)], now)
        return True

    def _bookmark_due(self, target: int, now: float) -> bool:
        quiet_s = now - self._sent_at
        return quiet_s >= (BOOKMARK_S if target > self.seq else IDLE_BOOKMARK_S)

    def _to_members(self, message: bytes, target: int, owed_from: int) -> None:
        """Send to whoever is in step and takes what it is sent; the others are served alone later."""
        framed = frame(message)
        told_counts = self._told_counts
        sent = 0
        for monitor in list(self.members):
            if not monitor.in_step:
                continue
            if not monitor.peer.offer_frame(framed):
                monitor.in_step, monitor.floor = False, min(owed_from, monitor.cursor)
                continue
            monitor.cursor = target
            monitor.told_counts = told_counts
            sent += 1
            if sent % _YIELD_EVERY == 0:
                time.sleep(0)

    # --- Monitors served alone ----------------------------------------------------------------

    def _serve_alone(self) -> None:
        """Bring everyone who is not where the group is there, from its own cursor, folded."""
        shared: dict[tuple[int, int, bool], bytes] = {}
        for monitor in list(self.members):
            if monitor.in_step or monitor in self._arrivals or monitor.peer.backlog_bytes:
                continue
            if not self._replicator.reaches(monitor.floor):
                self._desk.want_replay(monitor)
            elif self._catch_up(monitor, shared):
                monitor.in_step = True

    def _catch_up(self, monitor: Monitor, shared: dict[tuple[int, int, bool], bytes]) -> bool:
        missed = [(name, self._last_windows[name]) for name in monitor.missed]
        for name, window in sorted(missed, key=lambda item: item[1].seq):
            if window.seq < monitor.cursor:
                continue
            if window.seq > monitor.cursor and not self._send_alone(monitor, window.seq, shared):
                return False
            monitor.peer.send_frame(frame(window_message(monitor.cursor, name, window)))
        monitor.missed.clear()
        owed = monitor.cursor < self.seq or monitor.floor < monitor.cursor
        if owed or monitor.told_counts != self._told_counts:
            return self._send_alone(monitor, self.seq, shared)
        return True

    def _send_alone(
        self, monitor: Monitor, target: int, shared: dict[tuple[int, int, bool], bytes]
    ) -> bool:
        """Bring one monitor to `target`; False when a snapshot is less to send."""
        counts = self._told_counts if target == self.seq else self._replicator.counts_at(target)
        told = None if counts == monitor.told_counts else counts
        key = (monitor.cursor, monitor.floor, told is None)
        framed = shared.get(key) if target == self.seq else None
        if framed is None:
            events = self._owed(monitor.cursor, monitor.floor, target)
            framed = frame(events_message(self.epoch, monitor.cursor, target, events, told))
            if target == self.seq:
                shared[key] = framed
        if len(framed) > ALONE_BYTES:
            self._desk.want_snapshot(monitor)
            return False
        monitor.peer.send_frame(framed)
        monitor.cursor = target
        monitor.floor = self._queue.progress.floor(target)
        monitor.told_counts = counts
        self._queue.unsure |= self._queue.tracker.holed
        return True

    def _owed(self, cursor: int, floor: int, target: int) -> list[LoggedEvent]:
        """What was not sent up to `target`, but for the progress that the group itself holds back."""
        since = self._replicator.since(min(floor, cursor)) or []
        wants = self.subscription.wants
        folded = fold(item for item in since if item.seq <= target and wants(item.event))
        held = {logged.seq for logged in self._queue.progress.held.values()}
        return [
            item
            for item in folded
            if (item.seq > cursor or item.event.type == "job_progress") and item.seq not in held
        ]

    # --- Arrivals -----------------------------------------------------------------------------

    def _arrive(self, now: float) -> None:
        """Take in whoever came, once the group is where its snapshot is."""
        resumptions: dict[int, Resumption] = {}
        for monitor in list(self._arrivals):
            if monitor.cursor > self.seq:
                continue
            self._arrivals.discard(monitor)
            if monitor.shown is not None:
                self._learn(monitor.shown, now)
                monitor.shown = None
                continue
            found = resumptions.get(monitor.cursor)
            if found is None:
                found = find_resumption(self._replicator, monitor.cursor)
                resumptions[monitor.cursor] = found
            monitor.floor = found.floor
            if self.subscription.shows_jobs:
                self._suspect |= found.holed
                self._queue.unsure |= found.holed

    def _learn(self, shown: Snapshot, now: float) -> None:
        """Mirror the lists of a snapshot that a new monitor begins with."""
        if not self.subscription.shows_jobs or shown is self._learned:
            return
        if not self._replicator.reaches(shown.seq):
            return  # its owner is served from the stream, and comes back as one that resumes
        tracker = ListTracker()
        for name, rows in shown.jobs.items():
            tracker.fill(name, rows, now)
        self._queue.mirror(tracker, self._owed(shown.seq, shown.seq, self.seq))
        if self._learned is None and not self._last_windows:
            self._queue.tracker = tracker
            self._queue.unknown.clear()
        else:
            self._queue.tracker.join(tracker)
        self._learned = shown

    # --- Windows ------------------------------------------------------------------------------

    def _ask_windows(self, now: float) -> None:
        """Ask for lists that have holes, or that nobody of this group has shown yet."""
        if not self.subscription.shows_jobs or self._arrivals:
            return
        tracker = self._queue.tracker
        for name in (self._suspect | self._queue.unknown).union(tracker.due(now)):
            if name not in self._asked and tracker.may_ask(name, now):
                tracker.asked(name, now)
                self._asked[name] = now
                self._desk.want_window(self, name)

    def _frozen(self, now: float) -> bool:
        """Whether to stand still: a list that is being read must not be older than what was seen."""
        return any(now - asked_at < _FREEZE_S for asked_at in self._asked.values())

    def _take_window(self, name: str, window: ListWindow, now: float) -> None:
        if window.seq < self._queue.seen:
            return  # read too late; it is asked for again in a second
        quiet = name in self._queue.unknown and name not in self._suspect
        self._advance(window.seq, now, force=True)
        if self.seq != window.seq:
            return
        self._queue.tracker.fill(name, window.rows, now)
        for doubtful in (self._queue.unknown, self._queue.unsure, self._suspect):
            doubtful.discard(name)
        if quiet:
            return
        self._last_windows[name] = window
        message = window_message(self.seq, name, window)
        self._to_members(message, self.seq, self._queue.progress.floor(self.seq))
        self.budget.spend(len(message), now)
        for monitor in self.members:
            if not monitor.in_step and monitor.cursor <= window.seq:
                monitor.missed.add(name)
