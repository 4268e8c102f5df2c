"""Monitors with the same subscription: each frame is built once and sent to all that are up to date.

A monitor has a cursor, the seq of the last frame it was given. Whoever has what the group has, and
nothing waiting, gets the group's frame; anyone else (just arrived, or slow) is served alone once its
outbox is empty: everything since its cursor, folded by record, with the windows that it missed. So
nobody waits for a slow monitor, a slow one gets less instead of later, and `prev` always is the frame
before on that connection. Nothing here waits for Redis: lists are asked for and come when read.

A group that spent its traffic budget sends the figures of each second and no records; once it is paid,
the records that changed, or the heads of their lists where that is less (hub.refresh).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, Protocol

from hub.event_log import LoggedEvent
from hub.group_queue import GroupQueue
from hub.list_orders import ListOrders
from hub.list_tracker import ListTracker
from hub.refresh import Refresh
from hub.replicator import Replicator
from hub.resumption import Resumption, find_resumption
from hub.seat import Monitor
from hub.snapshot import ListWindow, Snapshot
from hub.subscription import Subscription, fold, window_message
from hub.traffic_budget import TrafficBudget
from hub.wire_form import FORMS
from hub.ws.connection import frame

BOOKMARK_S: Final = 1.0
IDLE_BOOKMARK_S: Final = 15.0
_COMPANY_SHARE: Final = (
    0.2  # of the span of progress, that it waits for others: a frame costs as much
)
_YIELD_EVERY: Final = 50  # sends between two chances for the job path
_GROUP_BYTES: Final = 524_288  # a frame that is larger than this is no better than a snapshot
ALONE_BYTES: Final = 262_144  # a monitor that is owed more than this is better off with a snapshot
_CALM_S: Final = 2.0  # without debt, until lists that were cut short are filled again


Shared = dict[tuple[int, int, Sequence[int] | None], bytes]


class Desk(Protocol):
    """Who reads from Redis for a group, and takes monitors that the ring no longer serves."""

    def want_window(self, group: MonitorGroup, list_name: str) -> None:
        """Read a list and `offer` it."""

    def want_refresh(self, group: MonitorGroup) -> None:
        """Read all lists and `offer_refresh` them."""

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
        self._suspect: set[str] = set()  # lists that a resumed monitor may show with a hole
        self.orders = ListOrders(replicator.epoch)
        self._last_windows: dict[str, ListWindow] = {}
        self._told_counts: Sequence[int] | None = None
        self._form = FORMS[subscription.form]
        self._sent_at = now
        self._held = False
        self._held_at = -_CALM_S
        self._polling_bytes = 0

    def add(self, monitor: Monitor) -> None:
        """Serve a monitor from its cursor on; its snapshot or `resumed` is on its way already."""
        self.members.add(monitor)
        self._arrivals.add(monitor)

    def remove(self, monitor: Monitor) -> None:
        """Serve a monitor no more."""
        self.members.discard(monitor)
        self._arrivals.discard(monitor)

    def flush(self, now: float, polling_bytes: int) -> None:
        """Send what is new, windows that are due, and bookmarks.

        Args: polling_bytes: one `stats_broadcast` of the present state; 0 when that is not known.
        """
        self._polling_bytes = polling_bytes
        if self.epoch != self._replicator.epoch:
            return
        if not self.budget.ready(now, polling_bytes):
            self._wait(now)
            return
        if self.orders.frozen(now) or self._refreshing(now):
            return
        for name, window in self.orders.take_windows(self._replicator.seq):
            self._take_window(name, window, now)
        self._advance(self._replicator.seq, now)
        self._held = False
        if not self.orders.windows and now - self._held_at >= _CALM_S:
            self._ask_windows(now)

    # --- The group's own frames ---------------------------------------------------------------

    def _wait(self, now: float) -> None:
        """Take in, and send the figures of each second, or a sign of life: polling would send no more."""
        self._held, self._held_at = True, now
        if not self.orders.frozen(now) and not self.orders.windows and not self.orders.refresh:
            self._scan(self._replicator.seq, now)
        if now - self._sent_at < BOOKMARK_S:
            return
        stats = self._queue.release_stats()
        message = self._form.events(self.epoch, self.seq, self.seq, stats, None, None)
        if stats:
            self._told_counts = None  # the figures ran ahead of the counts
        self._to_members(frame(message), self.seq, self._queue.progress.floor(self.seq))
        self.budget.spend(len(message))
        self._sent_at = now

    def _advance(self, target: int, now: float, *, force: bool = False) -> None:
        """Bring the group to `target` in one frame, if there is anything to say or `force`."""
        if not self._scan(target, now):
            return
        owed_from = self._queue.progress.floor(self.seq)
        waited_for = any(self.seq < monitor.cursor <= target for monitor in self._arrivals)
        events: list[LoggedEvent] = []
        if force or waited_for or self._queue.urgent or now - self._sent_at >= self._company_s:
            events = self._queue.release(now, held=self._held)
        if events or force or waited_for or self._bookmark_due(target, now):
            known, self._told_counts = self._told_counts, self._counts_at(target)
            message = self._form.events(
                self.epoch, self.seq, target, events, self._told_counts, known
            )
            if len(message) > _GROUP_BYTES:
                self._begin_anew()
            self._to_members(frame(message), target, owed_from)
            self.budget.spend(len(message))
            self.seq, self._sent_at = target, now
        self._arrive(now)
        self._serve_alone()

    @property
    def _company_s(self) -> float:
        """How long after a frame nothing but progress and figures waits for more to go with it."""
        return _COMPANY_SHARE * self._queue.progress.span_s

    def _counts_at(self, target: int) -> Sequence[int] | None:
        return self._replicator.counts_at(target) or self._told_counts

    def _begin_anew(self) -> None:
        """A snapshot is less to send than all that happened."""
        for monitor in list(self.members):
            self._desk.want_snapshot(monitor)

    def _scan(self, target: int, now: float) -> bool:
        seen = self._queue.seen
        fresh = self._replicator.since(seen)
        if fresh is None or self._queue.overfull:  # a flush came so late that the ring moved on
            self._begin_anew()
            return False
        self._queue.take(fresh[: max(0, target - seen)], now)
        return True

    def _bookmark_due(self, target: int, now: float) -> bool:
        quiet_s = now - self._sent_at
        return quiet_s >= (BOOKMARK_S if target > self.seq else IDLE_BOOKMARK_S)

    def _to_members(self, framed: bytes, target: int, owed_from: int) -> None:
        """Send to whoever is in step and takes what it is sent; the others are served alone later."""
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

    # --- Refreshes ----------------------------------------------------------------------------

    def _refreshing(self, now: float) -> bool:
        """Whether lists go out whole instead of more moves than the budget pays for, now or soon."""
        if not self.subscription.shows_jobs:
            return False
        head, refresh = self._replicator.seq, self.orders.refresh
        if refresh is not None and refresh.seq > head:
            return True  # the log is a moment behind what was read
        if not self._scan(refresh.seq if refresh else head, now):
            return True
        self.orders.refresh = None
        if refresh is not None and refresh.seq >= self._queue.seen:
            self._send_refresh(refresh, now)
            return True
        if not self._queue.owes_more_than(self.budget.left(self._polling_bytes)):
            return False
        if not self.orders.ask_refresh(now):
            return False  # the moves go out after all
        self._desk.want_refresh(self)
        return True

    def _send_refresh(self, refresh: Refresh, now: float) -> None:
        owed_from = self._queue.progress.floor(self.seq)
        events, lists = self._queue.release_for(refresh, now)
        self._suspect -= set(lists)
        self.orders.drop_windows(lists)
        self._told_counts = self._counts_at(refresh.seq)
        messages = self._form.refresh(self.seq, refresh, lists, events, self._told_counts)
        framed = b"".join(map(frame, messages))
        self._to_members(framed, refresh.seq, owed_from)
        self.budget.spend(len(framed))
        self.seq, self._sent_at, self._held_at = refresh.seq, now, now
        self._arrive(now)
        self._serve_alone()

    # --- Monitors served alone ----------------------------------------------------------------

    def _serve_alone(self) -> None:
        """Bring everyone who is not where the group is there, from its own cursor, folded."""
        shared: Shared = {}
        for monitor in list(self.members):
            if monitor.in_step or monitor in self._arrivals or monitor.peer.backlog_bytes:
                continue
            if not self._replicator.reaches(monitor.floor):
                self._desk.want_replay(monitor)
            elif self._catch_up(monitor, shared):
                monitor.in_step = True

    def _catch_up(self, monitor: Monitor, shared: Shared) -> bool:
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

    def _send_alone(self, monitor: Monitor, target: int, shared: Shared) -> bool:
        """Bring one monitor to `target`; False when a snapshot is less to send."""
        counts = self._told_counts if target == self.seq else self._replicator.counts_at(target)
        known = monitor.told_counts
        key = (monitor.cursor, monitor.floor, known)
        framed = shared.get(key) if target == self.seq else None
        if framed is None:
            events = self._owed(monitor.cursor, monitor.floor, target)
            message = self._form.events(self.epoch, monitor.cursor, target, events, counts, known)
            framed = frame(message)
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
                found = find_resumption(self._replicator, monitor.cursor, self._polling_bytes)
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
        since = self._owed(shown.seq, shown.seq, self.seq)
        self._queue.mirror(tracker, since)
        self._queue.learn(shown.jobs.values(), since)
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
            if tracker.may_ask(name, now) and self.orders.ask(name, now):
                tracker.asked(name, now)
                self._desk.want_window(self, name)

    def _take_window(self, name: str, window: ListWindow, now: float) -> None:
        if window.seq < self._queue.seen:
            return  # read too late; it is asked for again in a second
        quiet = name in self._queue.unknown and name not in self._suspect
        self._advance(window.seq, now, force=True)
        if self.seq != window.seq:
            return
        self._queue.fill(name, window.rows, now)
        self._suspect.discard(name)
        if quiet:
            return
        self._last_windows[name] = window
        message = window_message(self.seq, name, window)
        self._to_members(frame(message), self.seq, self._queue.progress.floor(self.seq))
        self.budget.spend(len(message))
        for monitor in self.members:
            if not monitor.in_step and monitor.cursor <= window.seq:
                monitor.missed.add(name)
