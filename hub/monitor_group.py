"""Monitors with the same subscription: each frame is built once and sent to all that are up to date.

Whoever has what the group has, and nothing waiting, gets the group's frame (hub.audience); anyone else
(just arrived, or slow) is served alone from its own cursor once its outbox is empty (hub.catch_up). So
`prev` always is the frame before on that connection. Nothing here waits for Redis: lists are asked for
and come when read.

A group that spent its traffic budget sends the figures of each second and no records; once it is paid,
the records that changed, or the heads of their lists where that is less (hub.refresh).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from hub.audience import Audience
from hub.catch_up import CatchUp, Rescue
from hub.event_log import LoggedEvent
from hub.group_queue import GroupQueue
from hub.list_orders import ListOrders
from hub.list_tracker import ListTracker
from hub.refresh import Refresh
from hub.replicator import Replicator
from hub.resumption import Resumption, find_resumption
from hub.seat import Monitor
from hub.snapshot import ListWindow, Snapshot
from hub.subscription import Subscription, window_message
from hub.traffic_budget import TrafficBudget
from hub.wire_form import FORMS
from hub.ws.connection import frame

BOOKMARK_S: Final = 1.0
IDLE_BOOKMARK_S: Final = 15.0
_COMPANY_SHARE: Final = (
    0.2  # of the span of progress, that it waits for others: a frame costs as much
)
_GROUP_BYTES: Final = 524_288  # a frame that is larger than this is no better than a snapshot
_CALM_S: Final = 2.0  # without debt, until lists that were cut short are filled again


class Desk(Rescue, Protocol):
    """Who reads from Redis for a group, and takes monitors that the ring no longer serves."""

    def want_window(self, group: MonitorGroup, list_name: str) -> None:
        """Read a list and `offer` it."""

    def want_refresh(self, group: MonitorGroup) -> None:
        """Read all lists and `offer_refresh` them."""


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
        self.audience = Audience()
        self.budget = budget
        self.epoch = replicator.epoch
        self.seq = replicator.seq
        self._replicator = replicator
        self._desk = desk
        self._queue = GroupQueue(subscription, self.seq)
        self._learned: Snapshot | None = None
        self.orders = ListOrders(replicator.epoch)
        self._catch_up = CatchUp(self.epoch, self._queue, replicator, desk)
        self._told_counts: Sequence[int] | None = None
        self._form = FORMS[subscription.form]
        self._sent_at = now
        self._held = False
        self._held_at = -_CALM_S
        self._polling_bytes = 0

    def add(self, monitor: Monitor) -> None:
        """Serve a monitor from its cursor on; its snapshot or `resumed` is on its way already."""
        self.audience.arrive(monitor)

    def remove(self, monitor: Monitor) -> None:
        """Serve a monitor no more."""
        self.audience.leave(monitor)

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
        counts = None if stats else self._told_counts  # figures run ahead of the counts
        self._send(frame(message), self.seq, counts, self._queue.progress.floor(self.seq), now)

    def _advance(self, target: int, now: float, *, force: bool = False) -> None:
        """Bring the group to `target` in one frame, if there is anything to say or `force`."""
        if not self._scan(target, now):
            return
        owed_from = self._queue.progress.floor(self.seq)
        waited_for = any(self.seq < monitor.cursor <= target for monitor in self.audience.arrivals)
        events: list[LoggedEvent] = []
        if force or waited_for or self._queue.urgent or now - self._sent_at >= self._company_s:
            events = self._queue.release(now, held=self._held)
        if events or force or waited_for or self._bookmark_due(target, now):
            counts = self._counts_at(target)
            message = self._form.events(
                self.epoch, self.seq, target, events, counts, self._told_counts
            )
            if len(message) > _GROUP_BYTES:
                self._begin_anew()
            self._send(frame(message), target, counts, owed_from, now)
        self._serve_others(now)

    @property
    def _company_s(self) -> float:
        """How long after a frame nothing but progress and figures waits for more to go with it."""
        return _COMPANY_SHARE * self._queue.progress.span_s

    def _counts_at(self, target: int) -> Sequence[int] | None:
        return self._replicator.counts_at(target) or self._told_counts

    def _begin_anew(self) -> None:
        """A snapshot is less to send than all that happened."""
        for monitor in self.audience:
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

    def _send(
        self,
        framed: bytes,
        target: int,
        counts: Sequence[int] | None,
        owed_from: int,
        now: float,
    ) -> None:
        """Send to whoever is in step: it has `target` and `counts` then, and so has the group."""
        self.audience.send(framed, self.seq, self._told_counts, owed_from)
        self.budget.spend(len(framed))
        self.seq, self._told_counts, self._sent_at = target, counts, now

    def _serve_others(self, now: float) -> None:
        """Take in whoever came, and bring everyone who is behind where the group is."""
        self._arrive(now)
        behind = self.audience.behind
        if behind:
            served = self._catch_up.serve(behind, self.seq, self._told_counts, self._polling_bytes)
            for monitor in served:
                self.audience.fall_in(monitor)

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
        self._queue.suspect -= set(lists)
        self.orders.drop_windows(lists)
        counts = self._counts_at(refresh.seq)
        messages = self._form.refresh(self.seq, refresh, lists, events, counts)
        self._send(b"".join(map(frame, messages)), refresh.seq, counts, owed_from, now)
        self._held_at = now
        self._serve_others(now)

    # --- Arrivals -----------------------------------------------------------------------------

    def _arrive(self, now: float) -> None:
        """Take in whoever came, once the group is where its snapshot is."""
        resumptions: dict[tuple[int, frozenset[str] | None], Resumption] = {}
        for monitor in list(self.audience.arrivals):
            if monitor.cursor > self.seq:
                continue
            self.audience.take_in(monitor)
            if monitor.shown is not None:
                self._learn(monitor.shown, now)
                monitor.shown = None
                continue
            found = resumptions.get((monitor.cursor, monitor.short))
            if found is None:
                found = self._resumption(monitor)
                resumptions[monitor.cursor, monitor.short] = found
            monitor.floor, monitor.short = found.floor, None
            if self.subscription.shows_jobs:
                self._queue.suspect |= found.holed
                self._queue.unsure |= found.holed

    def _resumption(self, monitor: Monitor) -> Resumption:
        form, polling_bytes = self.subscription.form, self._polling_bytes
        return find_resumption(self._replicator, monitor.cursor, monitor.short, form, polling_bytes)

    def _learn(self, shown: Snapshot, now: float) -> None:
        """Mirror the lists of a snapshot that a new monitor begins with."""
        if not self.subscription.shows_jobs or shown is self._learned:
            return
        if not self._replicator.reaches(shown.seq):
            return  # its owner is served from the stream, and comes back as one that resumes
        tracker = ListTracker()
        for name, rows in shown.jobs.items():
            tracker.fill(name, rows, now)
        since = self._catch_up.owed(shown.seq, shown.seq, self.seq)
        self._queue.mirror(tracker, since)
        self._queue.learn(shown.jobs.values(), since)
        self._queue.tracker.join(tracker, self._queue.unknown)
        self._queue.unknown.clear()
        self._learned = shown

    # --- Windows ------------------------------------------------------------------------------

    def _ask_windows(self, now: float) -> None:
        """Ask for lists that have holes, or that nobody of this group has shown yet."""
        if not self.subscription.shows_jobs or self.audience.arrivals:
            return
        tracker = self._queue.tracker
        for name in (self._queue.suspect | self._queue.unknown).union(tracker.due(now)):
            if tracker.may_ask(name, now) and self.orders.ask(name, now):
                tracker.asked(name, now)
                self._desk.want_window(self, name)

    def _take_window(self, name: str, window: ListWindow, now: float) -> None:
        if window.seq < self._queue.seen:
            return  # read too late; it is asked for again in a second
        quiet = name in self._queue.unknown and name not in self._queue.unsure
        self._advance(window.seq, now, force=True)
        if self.seq != window.seq:
            return
        self._queue.fill(name, window.rows, now)
        if quiet:
            return
        self._catch_up.windows[name] = window
        framed = frame(window_message(self.seq, name, window))
        owed_from = self._queue.progress.floor(self.seq)
        self._send(framed, self.seq, self._told_counts, owed_from, now)
        for monitor in (*self.audience.behind, *self.audience.arrivals):
            if monitor.cursor <= window.seq:
                monitor.missed.add(name)
