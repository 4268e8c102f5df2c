"""Carries every event to every monitor: snapshots for who arrives, frames for who is there.

What I am: the seats of this hub's monitors and the groups that serve them, flushed by one thread
(hub.fan_out). What I trade: a lock that is held while a flush hands frames to outboxes, so whoever comes
or goes waits for it, for a few milliseconds. Nothing in a flush waits: writes go to outboxes, reads of
Redis to the desk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from hub import limits
from hub.config import Settings
from hub.errors import LimitReached, Unavailable
from hub.event_log import EventLog, LoggedEvent
from hub.fan_out import FanOut
from hub.messages import ResumePoint
from hub.monitor_desk import MonitorDesk
from hub.monitor_group import MonitorGroup
from hub.monitor_meter import MonitorMeter
from hub.polling import Polling
from hub.redis_service import RedisService
from hub.refresh import Refresh
from hub.replicator import Replicator
from hub.seat import Monitor
from hub.snapshot import ListWindow, SnapshotReader
from hub.snapshot_cache import Prepared, SnapshotCache
from hub.subscription import Subscription
from hub.traffic_budget import TrafficBudget
from hub.ws.connection import Connection
from hub.ws.protocol import CloseCode

_SLOW_EVERY_S: Final = 0.25
_POLLING_BYTES_EVERY_S: Final = 1.0  # while a group is sent much
_POLLING_BYTES_SELDOM_S: Final = 10.0  # while none is: for those who resume
_BEHIND_S: Final = 2.0  # how long to wait for what a monitor has seen and this hub has not


class Seat(msgspec.Struct):
    """A connected monitor and where it is served."""

    connection: Connection
    subscription: Subscription
    monitor: Monitor


class EventBroadcaster:
    """Serves the monitors of this hub."""

    def __init__(
        self,
        service: RedisService,
        snapshots: SnapshotReader,
        replicator: Replicator,
        settings: Settings,
    ) -> None:
        self._replicator = replicator
        self._log = EventLog(service)
        self._cache = SnapshotCache(snapshots)
        self._desk = MonitorDesk(snapshots, self._log, replicator)
        self._groups: dict[bytes, MonitorGroup] = {}
        self._seats: dict[str, Seat] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._restarted = False
        self._fan_out = FanOut(self._flush, self.on_restart)
        self._slow_at = 0.0
        self._polling_bytes_at = -_POLLING_BYTES_SELDOM_S
        self._burst_bytes = settings.monitor_burst_bytes
        self.meter = MonitorMeter()
        self.polling = Polling(snapshots, self._desk, enabled=settings.stats_broadcast)
        replicator.listen(self)

    def start(self) -> None:
        """Begin to serve."""
        self._desk.start(self)
        self._fan_out.start()

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        self._desk.stop()
        self._fan_out.stop()

    @property
    def monitors(self) -> int:
        """How many monitors are subscribed to events."""
        return len(self._seats)

    @property
    def position(self) -> tuple[str, int]:
        """Epoch and seq of this hub's copy of the log."""
        return self._replicator.epoch, self._replicator.seq

    def on_events(self, events: Sequence[LoggedEvent]) -> None:
        """Hear from the replicator that there is something to send."""
        self.meter.heard(events)
        self._fan_out.wake(len(events))

    def on_restart(self) -> None:
        """Hear from the replicator that events may be missing: everyone starts from a snapshot."""
        self._restarted = True
        self._cache.clear()
        self._fan_out.wake()

    # --- Monitors come and go -----------------------------------------------------------------

    def seat(
        self,
        connection: Connection,
        subscription: Subscription,
        resume: ResumePoint | None,
        *,
        full_state: bool = True,
    ) -> None:
        """Serve a connection from its resume point, from a snapshot, or from now on.

        Raises: Unavailable, redis.RedisError: no snapshot can be had.
                LimitReached: too many different subscriptions on this hub.
        """
        self.leave(connection)
        if len(self._groups) >= limits.SUBSCRIPTIONS and subscription.key not in self._groups:
            raise LimitReached("too many different subscriptions on this hub", field="filters")
        if resume is not None and self._resume(connection, subscription, resume):
            return
        if not full_state and resume is None:
            monitor = Monitor(connection, self._replicator.seq, None)
            self._sit(Seat(connection, subscription, monitor))
            return
        self._from_snapshot(connection, subscription)

    def leave(self, connection: Connection) -> None:
        """Stop serving a connection."""
        with self._lock:
            self.polling.leave(connection)
            seat = self._seats.pop(connection.id, None)
            if seat is not None:
                self._stand_up(seat)

    def _stand_up(self, seat: Seat) -> None:
        """Take a monitor out of its group; a group without members ends."""
        self._desk.forget(seat.monitor)
        key = seat.subscription.key
        group = self._groups.get(key)
        if group is not None:
            group.remove(seat.monitor)
            if not group.audience:
                del self._groups[key]

    def _sit(self, seat: Seat) -> None:
        """Put a monitor into its group; where the ring does not reach, the stream serves it first."""
        with self._lock:
            self._seats[seat.connection.id] = seat
            if not self._replicator.reaches(seat.monitor.cursor):
                self._desk.want_replay(seat.monitor, seat.subscription, self._replicator.epoch)
                return
            key = seat.subscription.key
            group = self._groups.get(key)
            if group is None or group.epoch != self._replicator.epoch:
                group = self._begin_group(seat.subscription, time.monotonic())
                self._groups[key] = group
            group.add(seat.monitor)
        self._fan_out.wake()

    def _begin_group(self, subscription: Subscription, now: float) -> MonitorGroup:
        budget = TrafficBudget(now, self._burst_bytes)
        return MonitorGroup(subscription, self._replicator, self, budget, now)

    def _from_snapshot(
        self,
        connection: Connection,
        subscription: Subscription,
        instead_of: Monitor | None = None,
        at_least: int = 0,
    ) -> None:
        prepared = self._snapshot(subscription, at_least)
        with self._lock:
            if instead_of is not None and self._seat_of(instead_of) is None:
                return  # it left or subscribed anew while the snapshot was read
            if prepared.snapshot.epoch != self._replicator.epoch:
                raise Unavailable("the event log is starting again")
            self.meter.snapshots += 1
            connection.send_frame(prepared.framed)
            monitor = Monitor(connection, prepared.snapshot.seq, prepared.snapshot)
            self._sit(Seat(connection, subscription, monitor))

    def _snapshot(self, subscription: Subscription, at_least: int) -> Prepared:
        """A snapshot of this hub's epoch, at most half a second old: events bring it up to date."""
        until = time.monotonic() + _BEHIND_S
        while True:
            prepared = self._cache.get(subscription, at_least)
            if prepared.snapshot.epoch == self._replicator.epoch:
                return prepared
            self._cache.clear()
            if time.monotonic() > until:
                raise Unavailable("the event log is starting again")
            self._stopping.wait(0.05)

    def _resume(
        self, connection: Connection, subscription: Subscription, resume: ResumePoint
    ) -> bool:
        """Go on from where the monitor was; False when it needs a snapshot."""
        until = time.monotonic() + _BEHIND_S
        while resume.seq > self._replicator.seq and time.monotonic() < until:
            if resume.epoch != self._replicator.epoch:
                break
            self._stopping.wait(0.02)
        if not self._replicator.reaches(resume.seq) and not self._logged(resume.seq + 1):
            return False
        with self._lock:
            if resume.epoch != self._replicator.epoch or resume.seq > self._replicator.seq:
                return False
            message = {"type": "resumed", "epoch": resume.epoch, "seq": resume.seq}
            connection.send(msgspec.json.encode(message))
            self.meter.resumes += 1
            short = None if resume.short is None else frozenset(resume.short)
            self._sit(Seat(connection, subscription, Monitor(connection, resume.seq, None, short)))
        return True

    def _logged(self, seq: int) -> bool:
        """Whether the stream still holds an event. Redis: XRANGE, O(1)."""
        return 0 < self._log.first_seq() <= seq

    # --- What the desk and the groups ask for -------------------------------------------------

    def want_window(self, group: MonitorGroup, list_name: str) -> None:
        """Read a list and hand it to the group."""
        self._desk.want_window(group, list_name)

    def want_snapshot(self, monitor: Monitor) -> None:
        """Take a monitor out of its group; it begins anew with a snapshot."""
        self.meter.resyncs += 1
        seat = self._seats.get(monitor.peer.id)
        if seat is not None and seat.monitor is monitor:
            self._stand_up(seat)
            self._desk.want_snapshot(monitor)

    def want_replay(self, monitor: Monitor) -> None:
        """Take a monitor out of its group; it comes back through the stream."""
        seat = self._seats.get(monitor.peer.id)
        if seat is not None and seat.monitor is monitor:
            self._stand_up(seat)
            self._desk.want_replay(monitor, seat.subscription, self._replicator.epoch)

    def begin_anew(self, monitor: Monitor, at_least: int) -> None:
        """Send a snapshot that is as new as the seq `at_least`, and serve from there."""
        seat = self._seat_of(monitor)
        if seat is not None:
            self._from_snapshot(seat.connection, seat.subscription, monitor, at_least)

    def send_on(self, monitor: Monitor, framed: bytes, seq: int) -> None:
        """Send what brings a monitor to `seq`, unless it left or asked for another place meanwhile."""
        with self._lock:
            if self._seat_of(monitor) is not None:
                monitor.peer.send_frame(framed)
                monitor.cursor, monitor.short = seq, None

    def bring_back(self, monitor: Monitor) -> None:
        """Serve from the monitor's cursor, which the ring reaches."""
        with self._lock:
            seat = self._seat_of(monitor)
            if seat is not None:
                back = Monitor(seat.connection, monitor.cursor, None)
                back.snapshot_waits = monitor.snapshot_waits
                self._sit(Seat(seat.connection, seat.subscription, back))

    def deliver_window(self, group: MonitorGroup, name: str, window: ListWindow | None) -> None:
        """Hand a list to the group that asked."""
        with self._lock:
            group.orders.offer(name, window)
        self._fan_out.wake()

    def want_refresh(self, group: MonitorGroup) -> None:
        """Read all lists and hand them to the group."""
        self._desk.want_refresh(group)

    def deliver_refresh(self, group: MonitorGroup, refresh: Refresh) -> None:
        """Hand all lists to the group that asked."""
        with self._lock:
            group.orders.offer_refresh(refresh)
        self._fan_out.wake()

    def lost(self, monitor: Monitor, reason: str) -> None:
        """Close a monitor: it shall come back and resume."""
        seat = self._seat_of(monitor)
        if seat is not None:
            self.leave(seat.connection)
            seat.connection.close(CloseCode.RESYNC, reason)

    def _seat_of(self, monitor: Monitor) -> Seat | None:
        seat = self._seats.get(monitor.peer.id)
        return seat if seat is not None and seat.monitor is monitor else None

    # --- Fan-out ------------------------------------------------------------------------------

    def _flush(self, now: float) -> None:
        with self._lock:
            if self._restarted:
                self._start_again()
            for group in list(self._groups.values()):
                group.flush(now, self._desk.polling_bytes)
            self.meter.flushed()
            if now >= self._slow_at:
                self._slow_at = now + _SLOW_EVERY_S
                self._close_slow()
                self._watch_traffic(now)
                self.polling.tick(now)

    def _start_again(self) -> None:
        """Give every monitor a fresh snapshot of the new copy of the log."""
        self._restarted = False
        self.meter.restarts += 1
        self._groups.clear()
        for seat in self._seats.values():
            self._desk.forget(seat.monitor)
            self._desk.want_snapshot(seat.monitor)

    def _close_slow(self) -> None:
        seats = list(self._seats.values())
        slow = [seat.connection for seat in seats if seat.monitor.too_slow]
        for connection in slow + self.polling.too_slow():
            self.meter.slow_closes += 1
            self.leave(connection)
            connection.close_slow(CloseCode.SLOW, "the monitor is too slow")

    def _watch_traffic(self, now: float) -> None:
        """Learn what polling would cost: often while anybody is sent much."""
        busy = any(group.budget.low for group in self._groups.values())
        every_s = _POLLING_BYTES_EVERY_S if busy else _POLLING_BYTES_SELDOM_S
        if self._groups and now - self._polling_bytes_at >= every_s:
            self._polling_bytes_at = now
            self._desk.want(self._desk.read_polling_bytes)
