"""One copy of the event log a hub: contiguous, repaired, and never behind for long.

What I am: a thread with its own subscriber connection, a ring of the last events and the counts
at each. What I trade: memory for the ring, so that a thousand monitors need no read of Redis.

A gap can come from pub/sub (a killed or slow subscriber loses messages without a word), and a lost
*last* message has no successor that shows the gap. So a gap is filled from the stream when the next
message shows it, after every reconnect, and after a quarter of a second of silence by comparing with
`meta.seq`. Where the stream no longer reaches back, or the epoch is another, the copy starts anew and
listeners are told; monitors then need a snapshot.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import redis

from hub.event_log import COUNT_NAMES, EventLog, LoggedEvent, log_event, read_publication
from hub.redis_service import RedisService
from hub.snapshot import SnapshotReader

_SILENCE_S: Final = 0.25
_RECONNECT_S: Final = 0.2
_CHUNK: Final = 1_000

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Hears every event once, in order; must be quick."""

    def on_events(self, events: Sequence[LoggedEvent]) -> None:
        """Take the next events."""

    def on_restart(self) -> None:
        """Events may be missing: a new epoch, or the log no longer reaches back."""


class Replicator:
    """Follows the log. `epoch`, `seq` and `counts` belong together."""

    def __init__(self, service: RedisService, snapshots: SnapshotReader, ring_events: int) -> None:
        self._service = service
        self._snapshots = snapshots
        self._log = EventLog(service)
        self._ring_events = ring_events
        self._ring: list[LoggedEvent] = []
        self._listeners: list[Listener] = []
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replicator", daemon=True)
        self.epoch = ""
        self.seq = 0
        self._counts: tuple[int, ...] = (0,) * len(COUNT_NAMES)
        self.restarts = 0
        self.repairs = 0

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join(5.0)

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait for the first connection."""
        return self._ready.wait(timeout_s)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every event from now on; returns the way to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def counts(self) -> tuple[int, ...]:
        """Jobs a state at `seq`, in the order of COUNT_NAMES."""
        return self._counts

    def since(self, seq: int) -> list[LoggedEvent] | None:
        """The events after `seq` up to the head; None when the ring no longer reaches back."""
        behind = self.seq - seq
        if behind <= 0:
            return []
        if behind > len(self._ring):
            return None
        return self._ring[-behind:]

    def decode(self, raws: Sequence[bytes]) -> list[LoggedEvent]:
        """Decode events of the past, whose counts are not known any more."""
        return [log_event(raw, self._counts) for raw in raws]

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (redis.RedisError, OSError) as error:
                if not self._stopping.is_set():
                    log.warning("event log unreachable: %s", error)
            self._stopping.wait(_RECONNECT_S)

    def _follow(self) -> None:
        """Subscribe, catch up, then take what comes until the connection breaks."""
        connection = self._service.new_connection()
        try:
            connection.send_command("SUBSCRIBE", self._service.keys.channel)
            connection.read_response()
            self._catch_up()
            self._ready.set()
            while not self._stopping.is_set():
                if connection.can_read(timeout=_SILENCE_S):
                    message = connection.read_response()
                    if message[0] == b"message":
                        self._take(message[2])
                else:
                    self._catch_up()
        finally:
            connection.disconnect()

    def _take(self, message: bytes) -> None:
        epoch, first, raws = read_publication(message)
        if epoch != self.epoch or first > self.seq + 1:
            self._catch_up()
            return
        events: list[LoggedEvent] = []
        counts = self._counts
        for raw in raws[self.seq + 1 - first :]:
            events.append(log_event(raw, counts))
            counts = events[-1].counts
        if events:
            self._append(events)

    def _catch_up(self) -> None:
        """Read from the stream what pub/sub did not bring."""
        epoch, head = self._log.head()
        if epoch != self.epoch or head < self.seq:
            self._restart()
            return
        while self.seq < head:
            chunk = self._log.read_after(self.seq, _CHUNK)
            events: list[LoggedEvent] = []
            counts = self._counts
            for raw in chunk:
                events.append(log_event(raw, counts))
                counts = events[-1].counts
            if not events or events[0].seq != self.seq + 1:
                self._restart()
                return
            self.repairs += 1
            self._append(events)

    def _append(self, events: list[LoggedEvent]) -> None:
        self._ring += events
        if len(self._ring) > 2 * self._ring_events:
            del self._ring[: -self._ring_events]
        self.seq, self._counts = events[-1].seq, events[-1].counts
        for listener in list(self._listeners):
            listener.on_events(events)

    def _restart(self) -> None:
        """Begin a new copy at the present position."""
        position = self._snapshots.read_position()
        first = not self.epoch
        self._ring = []
        self.epoch, self.seq = position.epoch, position.seq
        self._counts = tuple(position.counts[name] for name in COUNT_NAMES)
        if not first:
            self.restarts += 1
            for listener in list(self._listeners):
                listener.on_restart()
