"""Reads from Redis what monitors need, so that the fan-out never waits for Redis.

What I am: one thread that reads lists for windows, begins monitors anew with a snapshot, brings those
that fell out of the ring back from the stream, and learns what polling would cost. What I trade: order
among these; each is asked for again when it comes too late. The queues hold a list a group or a monitor
once, so they are bounded by what is connected.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
import redis

from hub.catch_up import ALONE_BYTES
from hub.errors import JobhubError
from hub.event_log import EventLog
from hub.monitor_group import MonitorGroup
from hub.monitor_view import view, view_of_list
from hub.refresh import Refresh, refresh_from
from hub.replicator import Replicator
from hub.seat import Monitor
from hub.snapshot import ListWindow, SnapshotReader
from hub.subscription import Subscription, fold
from hub.wire_form import FORMS
from hub.ws.connection import frame

_CHUNK: Final = 2_000  # events of the stream that are folded into one frame
_REPLAY_EVERY_S: Final = 0.02  # between two looks at slow monitors
_AFTER_FAILURE_S: Final = 0.25
_LATEST_SHARE: Final = 0.2  # of the newest push in what a push is taken to be

log = logging.getLogger(__name__)


class Reception(Protocol):
    """Who seats monitors again; every call is quick or raises."""

    def begin_anew(self, monitor: Monitor, at_least: int) -> None:
        """Send a snapshot that is as new as the seq `at_least`, and serve from there."""

    def send_on(self, monitor: Monitor, framed: bytes, seq: int) -> None:
        """Send what brings a monitor to `seq`, unless it left or asked for another place meanwhile."""

    def bring_back(self, monitor: Monitor) -> None:
        """Serve from the monitor's cursor, which the ring reaches."""

    def deliver_window(self, group: MonitorGroup, name: str, window: ListWindow | None) -> None:
        """Hand a list to the group that asked."""

    def deliver_refresh(self, group: MonitorGroup, refresh: Refresh) -> None:
        """Hand all lists to the group that asked."""

    def lost(self, monitor: Monitor, reason: str) -> None:
        """Close the monitor: it shall come back and resume."""


class Replay(msgspec.Struct):
    """A monitor on its way back through the stream."""

    monitor: Monitor
    subscription: Subscription
    epoch: str


class MonitorDesk:
    """Serves the requests of groups and of the broadcaster, one after the other."""

    def __init__(
        self, snapshots: SnapshotReader, event_log: EventLog, replicator: Replicator
    ) -> None:
        self._snapshots = snapshots
        self._log = event_log
        self._replicator = replicator
        self._windows: dict[tuple[str, bool], list[MonitorGroup]] = {}
        self._refreshes: dict[bool, list[MonitorGroup]] = {}
        self._anew: dict[Monitor, int] = {}  # and how far the log was when that was asked for
        self._replays: dict[Monitor, Replay] = {}
        self._chores: list[Callable[[], None]] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._steps = (
            self._read_windows,
            self._read_refreshes,
            self._begin_anew,
            self._replay,
            self._do_chores,
        )
        self.polling_bytes = 0  # one stats_broadcast of a state not long ago

    def start(self, reception: Reception) -> None:
        """Begin to read."""
        self._thread = threading.Thread(
            target=self._run, args=(reception,), name="desk", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def want_window(self, group: MonitorGroup, list_name: str) -> None:
        """Read a list for a group; groups that ask at the same time share the read."""
        deep = not group.subscription.filter.all
        self._windows.setdefault((list_name, deep), []).append(group)
        self._wake.set()

    def want_refresh(self, group: MonitorGroup) -> None:
        """Read all lists for a group; groups that ask at the same time share the read."""
        deep = not group.subscription.filter.all
        self._refreshes.setdefault(deep, []).append(group)
        self._wake.set()

    def want_snapshot(self, monitor: Monitor) -> None:
        """Begin a monitor anew: from now, or the same would soon be said of what it begins with."""
        self._anew[monitor] = self._replicator.seq
        self._wake.set()

    def want_replay(self, monitor: Monitor, subscription: Subscription, epoch: str) -> None:
        """Serve a monitor from the stream until the ring reaches it."""
        self._replays[monitor] = Replay(monitor, subscription, epoch)
        self._wake.set()

    def want(self, chore: Callable[[], None]) -> None:
        """Run something else that reads, such as a broadcast for polling monitors."""
        self._chores.append(chore)
        self._wake.set()

    def forget(self, monitor: Monitor) -> None:
        """Its connection is gone."""
        self._anew.pop(monitor, None)
        self._replays.pop(monitor, None)

    def read_polling_bytes(self) -> None:
        """Learn how large a `stats_broadcast` is: the mean of the last few, for lists come and go."""
        size_bytes = len(self._snapshots.read().broadcast())
        known_bytes = self.polling_bytes or size_bytes
        self.polling_bytes = round(known_bytes + _LATEST_SHARE * (size_bytes - known_bytes))

    def _run(self, reception: Reception) -> None:
        while not self._stopping.is_set():
            self._wake.wait(_REPLAY_EVERY_S if self._replays else None)
            self._wake.clear()
            for step in self._steps:
                try:
                    step(reception)
                except (redis.RedisError, JobhubError) as error:
                    log.warning("monitors wait for Redis: %s", error)
                    self._stopping.wait(_AFTER_FAILURE_S)
                except Exception:  # a thread that ends in silence would leave lists with holes
                    log.exception("a request for monitors could not be served")

    def _read_windows(self, reception: Reception) -> None:
        while self._windows:
            (name, deep), groups = self._windows.popitem()
            window: ListWindow | None = None
            try:
                window = self._snapshots.read_window(name, deep=deep)
            finally:
                for group in groups:
                    shown = window
                    if window is not None:
                        shown = view_of_list(name, window, group.subscription)
                    reception.deliver_window(group, name, shown)

    def _read_refreshes(self, reception: Reception) -> None:
        while self._refreshes:
            deep, groups = self._refreshes.popitem()
            snapshot = self._snapshots.read(deep=deep)
            for group in groups:
                reception.deliver_refresh(group, refresh_from(view(snapshot, group.subscription)))

    def _begin_anew(self, reception: Reception) -> None:
        while self._anew:
            monitor, at_least = self._anew.popitem()
            try:
                reception.begin_anew(monitor, at_least)
            except Exception as error:
                reception.lost(monitor, "no snapshot can be had now")
                if not isinstance(error, (redis.RedisError, JobhubError)):
                    raise

    def _replay(self, reception: Reception) -> None:
        for replay in list(self._replays.values()):
            monitor = replay.monitor
            if self._replicator.epoch != replay.epoch:
                self._give_up(monitor)
            elif self._replicator.reaches(monitor.cursor):
                self._replays.pop(monitor, None)
                reception.bring_back(monitor)
            elif monitor.peer.closed:
                self._replays.pop(monitor, None)
            elif not monitor.peer.backlog_bytes:
                self._replay_chunk(replay, reception)

    def _give_up(self, monitor: Monitor) -> None:
        """Let a monitor that the stream does not serve begin anew, now or when Redis answers again."""
        self._replays.pop(monitor, None)
        self.want_snapshot(monitor)

    def _replay_chunk(self, replay: Replay, reception: Reception) -> None:
        """Send one chunk of the stream, folded; a snapshot where that is less."""
        monitor = replay.monitor
        events = self._replicator.decode(self._log.read_after(monitor.cursor, _CHUNK))
        if not events or events[0].seq != monitor.cursor + 1:
            self._give_up(monitor)
            return
        wanted = fold(item for item in events if replay.subscription.wants(item.event))
        form = FORMS[replay.subscription.form]
        message = form.events(replay.epoch, monitor.cursor, events[-1].seq, wanted, None, None)
        if len(message) > ALONE_BYTES:
            self._give_up(monitor)
            return
        reception.send_on(monitor, frame(message), events[-1].seq)
        self._wake.set()

    def _do_chores(self, reception: Reception) -> None:
        while self._chores:
            self._chores.pop()()
