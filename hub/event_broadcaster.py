"""Carries every event to every monitor: snapshots for who arrives, frames for who is there.

What I am: one thread that flushes groups of monitors, woken by the replicator. What I trade: under
load a few milliseconds of delay for fewer frames. The fan-out has a budget, or it would starve the job
path in the same process: a flush is followed by at least as much time for everything else, and never
by less than five milliseconds; the first event of a quiet period goes out at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import redis

from hub.config import Settings
from hub.errors import Unavailable
from hub.event_log import EventLog, LoggedEvent
from hub.messages import ResumePoint
from hub.monitor_group import Monitor, MonitorGroup
from hub.redis_service import RedisService
from hub.replicator import Replicator
from hub.snapshot import Snapshot, SnapshotReader
from hub.subscription import Subscription, events_message, fold
from hub.ws.connection import Connection, frame
from hub.ws.protocol import CloseCode

_WINDOW_S: Final = 0.005
_SHARE: Final = 0.5  # of the process that the fan-out may use
_IDLE_S: Final = 0.25
_SNAPSHOT_REUSED_S: Final = 0.5
_BEHIND_S: Final = 2.0  # how long to wait for what a monitor has seen and this hub has not
_BROADCAST_EVERY_S: Final = 2.0
_CHUNK: Final = 1_000

log = logging.getLogger(__name__)


class Delivery(msgspec.Struct):
    """Counters since the start of this hub."""

    snapshots: int = 0
    resumes: int = 0
    slow_closes: int = 0
    restarts: int = 0


class Seat(msgspec.Struct):
    """A connected monitor: its subscription and where it is served; None while it polls."""

    connection: Connection
    subscription: Subscription
    monitor: Monitor | None = None


class EventBroadcaster:
    """Serves the monitors of this hub."""

    def __init__(
        self,
        service: RedisService,
        snapshots: SnapshotReader,
        replicator: Replicator,
        settings: Settings,
    ) -> None:
        self._snapshots = snapshots
        self._replicator = replicator
        self._log = EventLog(service)
        self._stats_broadcast = settings.stats_broadcast
        self._groups: dict[bytes, MonitorGroup] = {}
        self._seats: dict[str, Seat] = {}
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._restarted = False
        self._cached: tuple[float, Snapshot, dict[bytes, bytes]] | None = None
        self._thread = threading.Thread(target=self._run, name="fan-out", daemon=True)
        self._polled_at = 0.0
        self.delivery = Delivery()
        replicator.listen(self)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(5.0)

    @property
    def monitors(self) -> int:
        """How many monitors are subscribed."""
        return len(self._seats)

    def on_events(self, events: Sequence[LoggedEvent]) -> None:
        """Hear from the replicator that there is something to send."""
        self._wake.set()

    def on_restart(self) -> None:
        """Hear from the replicator that events may be missing: everyone starts from a snapshot."""
        self._restarted = True
        self._cached = None
        self._wake.set()

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
        """
        self.leave(connection)
        if resume is not None and self._resume(connection, subscription, resume):
            return
        if not full_state and resume is None:
            self._join(Seat(connection, subscription), self._replicator.seq, None)
            return
        self._from_snapshot(Seat(connection, subscription))

    def seat_polling(self, connection: Connection, subscription: Subscription) -> None:
        """Push the whole state every two seconds instead of events, as the monitors of old had it."""
        self.leave(connection)
        with self._lock:
            self._seats[connection.id] = Seat(connection, subscription)

    def leave(self, connection: Connection) -> None:
        """Stop serving a connection."""
        with self._lock:
            seat = self._seats.pop(connection.id, None)
            if seat is None or seat.monitor is None:
                return
            key = seat.subscription.key
            group = self._groups.get(key)
            if group is not None:
                group.members.discard(seat.monitor)
                if not group.members:
                    del self._groups[key]

    @property
    def position(self) -> tuple[str, int]:
        """Epoch and seq of this hub's copy of the log."""
        return self._replicator.epoch, self._replicator.seq

    def _join(self, seat: Seat, cursor: int, snapshot: Snapshot | None) -> None:
        with self._lock:
            key = seat.subscription.key
            group = self._groups.get(key)
            if group is None:
                group = MonitorGroup(
                    seat.subscription, self._replicator, self._snapshots, frame, self._lost
                )
                self._groups[key] = group
            seat.monitor = Monitor(seat.connection, cursor)
            self._seats[seat.connection.id] = seat
            group.add(seat.monitor, snapshot, time.monotonic())
        self._wake.set()

    def _from_snapshot(self, seat: Seat) -> None:
        snapshot, frames = self._snapshot()
        key = msgspec.json.encode(seat.subscription.filters)
        if key not in frames:
            shown = snapshot.filtered(seat.subscription.filters)
            frames[key] = frame(b'{"type":"full_state_snapshot",' + shown.document()[1:])
        self.delivery.snapshots += 1
        seat.connection.send_frame(frames[key])
        self._join(seat, snapshot.seq, snapshot.filtered(seat.subscription.filters))

    def _snapshot(self) -> tuple[Snapshot, dict[bytes, bytes]]:
        """A snapshot of this hub's epoch, at most half a second old: events bring it up to date."""
        until = time.monotonic() + _BEHIND_S
        while True:
            now = time.monotonic()
            cached = self._cached
            if cached is None or now - cached[0] > _SNAPSHOT_REUSED_S:
                cached = self._cached = (now, self._snapshots.read(), {})
            _, snapshot, frames = cached
            if snapshot.epoch == self._replicator.epoch:
                return snapshot, frames
            self._cached = None
            if now > until:
                raise Unavailable("the event log is starting again")
            self._stopping.wait(0.05)

    def _resume(
        self, connection: Connection, subscription: Subscription, resume: ResumePoint
    ) -> bool:
        """Go on from where the monitor was; False when it needs a snapshot."""
        until = time.monotonic() + _BEHIND_S
        while resume.seq > self._replicator.seq and time.monotonic() < until:
            self._stopping.wait(0.02)
        if resume.epoch != self._replicator.epoch or resume.seq > self._replicator.seq:
            return False
        cursor = resume.seq
        if self._replicator.since(cursor) is None:
            chunk = self._log.read_after(cursor, 1)
            if not chunk or msgspec.json.decode(chunk[0], type=_Seq).seq != cursor + 1:
                return False
        connection.send(
            msgspec.json.encode({"type": "resumed", "epoch": resume.epoch, "seq": cursor})
        )
        self.delivery.resumes += 1
        while self._replicator.since(cursor) is None and not connection.closed:
            cursor = self._replay_chunk(connection, subscription, cursor)
        self._join(Seat(connection, subscription), cursor, None)
        return True

    def _replay_chunk(self, connection: Connection, subscription: Subscription, cursor: int) -> int:
        """Send one chunk of the stream that the ring no longer holds; returns the new cursor."""
        if connection.backlog_bytes:
            self._stopping.wait(0.01)
            return cursor
        events = self._replicator.decode(self._log.read_after(cursor, _CHUNK))
        if not events or events[0].seq != cursor + 1:
            connection.close(CloseCode.RESYNC, "the log no longer reaches back")
            return cursor
        wanted = fold(event for event in events if subscription.wants(event.event))
        message = events_message(self._replicator.epoch, cursor, events[-1].seq, wanted, None)
        connection.send(message)
        return events[-1].seq

    # --- Fan-out ------------------------------------------------------------------------------

    def _run(self) -> None:
        next_flush = 0.0
        while not self._stopping.is_set():
            self._wake.wait(_IDLE_S)
            wait_s = next_flush - time.monotonic()
            if wait_s > 0:
                self._stopping.wait(wait_s)
            self._wake.clear()
            started = time.monotonic()
            try:
                self._flush(started)
            except redis.RedisError as error:
                log.warning("fan-out waits for Redis: %s", error)
                self._stopping.wait(_IDLE_S)
            took_s = time.monotonic() - started
            next_flush = started + max(_WINDOW_S, took_s / _SHARE)

    def _flush(self, now: float) -> None:
        with self._lock:
            if self._restarted:
                self._start_again()
            for group in list(self._groups.values()):
                group.flush(now)
            self._close_slow(now)
            if self._stats_broadcast and now - self._polled_at >= _BROADCAST_EVERY_S:
                self._polled_at = now
                self._broadcast()

    def _start_again(self) -> None:
        """Give every monitor a fresh snapshot of the new copy of the log."""
        self._restarted = False
        self.delivery.restarts += 1
        seats = [seat for seat in self._seats.values() if seat.monitor is not None]
        self._groups.clear()
        for seat in seats:
            try:
                self._from_snapshot(seat)
            except (Unavailable, redis.RedisError):
                seat.connection.close(CloseCode.RESYNC, "no snapshot can be had now")
                self._seats.pop(seat.connection.id, None)

    def _close_slow(self, now: float) -> None:
        for seat in list(self._seats.values()):
            if seat.monitor is not None and seat.monitor.too_slow(now):
                self.delivery.slow_closes += 1
                self.leave(seat.connection)
                seat.connection.close(CloseCode.SLOW, "the monitor is too slow")

    def _lost(self, monitor: Monitor) -> None:
        """The ring no longer reaches the monitor's cursor: it shall come back and resume."""
        for seat in list(self._seats.values()):
            if seat.monitor is monitor:
                self.leave(seat.connection)
                seat.connection.close(CloseCode.RESYNC, "too far behind")

    def _broadcast(self) -> None:
        polling = [seat for seat in self._seats.values() if seat.monitor is None]
        if not polling:
            return
        snapshot, _ = self._snapshot()
        framed = frame(
            b'{"type":"stats_broadcast","timestamp":%d,"data":' % snapshot.timestamp
            + snapshot.broadcast()
            + b"}"
        )
        for seat in polling:
            seat.connection.send_frame(framed)


class _Seq(msgspec.Struct):
    seq: int
