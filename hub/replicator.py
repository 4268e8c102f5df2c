"""One copy of the event log a hub: contiguous, repaired, and never behind for long.

What I am: a thread with its own subscriber connection, a ring of the last events and the counts
at each. What I trade: memory for the ring, so that a thousand monitors need no read of Redis.

A gap can come from pub/sub (a killed or slow subscriber loses messages without a word), and a lost
*last* message has no successor that shows the gap. So a gap is filled from the stream when the next
message shows it, after every reconnect, and after a quarter of a second of silence by comparing with
`meta.seq`. A subscription that ended is taken anew at once, so a cut costs milliseconds; so is one
that stays silent while the log grows. Where the stream no longer reaches back, or the epoch is another,
the copy starts anew and listeners are told; monitors then need a snapshot. A new copy fills its ring
from the stream first, so that monitors resume after a restart of the hub without a read each.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
import redis

from hub.errors import Unavailable
from hub.event_channel import EventChannel
from hub.event_log import (
    COUNT_NAMES,
    EventLog,
    LoggedEvent,
    log_event,
    log_events_after,
    log_events_before,
    read_publication,
)
from hub.redis_service import RedisService
from hub.snapshot import Position, SnapshotReader

_SILENCE_S: Final = 0.25
_DEAF_AFTER: Final = 2  # silences in a row in which the log grew
_BRIEF_S: Final = 0.005  # a subscription that ends sooner is as good as none
_RETRY_S: Final = (
    0.05  # after an attempt that failed; after a subscription that ended there is no wait
)
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
        self.restarts = 0  # copies begun anew
        self.repairs = 0  # gaps filled from the stream
        self.subscriptions = 0
        self.connected = False
        self._followed_at = 0.0
        self._channel: EventChannel | None = None
        self._told = ""  # what the log was told last: one line an outage

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

    def reaches(self, seq: int) -> bool:
        """Whether the ring holds every event after `seq`."""
        return self.seq - seq <= len(self._ring)

    def counts_at(self, seq: int) -> tuple[int, ...] | None:
        """Jobs a state at `seq`; None when the ring no longer reaches back."""
        behind = self.seq - seq
        if behind <= 0:
            return self._counts
        return self._ring[-behind - 1].counts if behind < len(self._ring) else None

    def before(self, seq: int, span_ms: int, at_least: int) -> list[LoggedEvent]:
        """The events up to `seq` of its last `span_ms`, or more: as far as the ring holds `at_least`."""
        end = len(self._ring) - max(0, self.seq - seq)
        if end <= 0:
            return []
        from_at = self._ring[end - 1].event.timestamp - span_ms
        start = max(0, end - at_least)
        while start > 0 and self._ring[start - 1].event.timestamp >= from_at:
            start = max(0, start - 100)
        return self._ring[start:end]

    def decode(self, raws: Sequence[bytes]) -> list[LoggedEvent]:
        """Decode events of the past, whose counts are not known any more."""
        return [log_event(raw, self._counts) for raw in raws]

    def _run(self) -> None:
        failed = False
        while not self._stopping.is_set():
            try:
                self._follow()
            except (redis.RedisError, OSError, Unavailable) as error:
                if failed:
                    self._tell("lost", f"not followed until Redis works again: {error}")
            except Exception:  # a thread that ends in silence would freeze every screen
                log.exception("the event log could not be followed; beginning again")
            followed_s = time.monotonic() - self._followed_at if self.connected else 0.0
            self.connected = False
            failed = followed_s < _BRIEF_S
            if failed:
                self._stopping.wait(_RETRY_S)

    def _follow(self) -> None:
        """Subscribe, catch up, then take what comes until the subscription ends."""
        channel = self._channel = EventChannel(self._service, _SILENCE_S)
        try:
            self._catch_up()
            self._begin_following()
            silences = 0
            while not self._stopping.is_set() and not channel.outdated:
                publications = channel.read()
                if publications:
                    silences = 0
                    self._take(publications)
                elif self._catch_up():
                    silences += 1
                    if silences == _DEAF_AFTER:
                        raise redis.ConnectionError("the subscription brings nothing any more")
        finally:
            channel.close()

    def _begin_following(self) -> None:
        self._followed_at = time.monotonic()
        self.connected = True
        self.subscriptions += 1
        self._ready.set()
        if self._told == "lost":
            self._tell("followed", "followed again")

    def _tell(self, what: str, words: str) -> None:
        if self._told != what and not self._stopping.is_set():
            self._told = what
            log.warning("the event log is %s", words)

    def _take(self, publications: Sequence[bytes]) -> None:
        """Append what goes on where the copy ends; fill a gap from the stream."""
        fresh: list[LoggedEvent] = []
        for message in publications:
            seq, counts = (fresh[-1].seq, fresh[-1].counts) if fresh else (self.seq, self._counts)
            try:
                epoch, first, raws = read_publication(message)
                if epoch == self.epoch and first <= seq + 1:
                    fresh += log_events_after(raws[seq + 1 - first :], counts)
                    continue
            except (ValueError, msgspec.MsgspecError):
                log.warning("something else than events came through their channel")
                continue
            self._append(fresh)
            fresh = []
            self._catch_up()
        self._append(fresh)

    def _catch_up(self) -> bool:
        """Read from the stream what pub/sub did not bring; False when that is nothing."""
        epoch, head = self._log.head()
        if not epoch:
            # The next connection adopts a new epoch before anything else (hub.redis_service).
            raise redis.ConnectionError("Redis was emptied")
        if epoch != self.epoch or head < self.seq:
            self._restart()
            return True
        behind = self.seq < head
        while self.seq < head and not self._stopping.is_set():
            events = log_events_after(self._log.read_after(self.seq, _CHUNK), self._counts)
            if not events or events[0].seq != self.seq + 1:
                self._restart()
                break
            self.repairs += 1
            self._append(events)
        return behind

    def _append(self, events: list[LoggedEvent]) -> None:
        if not events:
            return
        self._ring += events
        if len(self._ring) > 2 * self._ring_events:
            del self._ring[: -self._ring_events]
        self.seq, self._counts = events[-1].seq, events[-1].counts
        for listener in list(self._listeners):
            try:
                listener.on_events(events)
            except Exception:  # the others must not miss these events for it
                log.exception("a listener failed; it is told that events may be missing")
                listener.on_restart()

    def _restart(self) -> None:
        """Begin a new copy at the present position."""
        position = self._snapshots.read_position()
        counts = tuple(position.counts[name] for name in COUNT_NAMES)
        ring = self._read_ring(position, counts)
        first = not self.epoch
        self._ring = ring
        self.epoch, self.seq, self._counts = position.epoch, position.seq, counts
        if not first:
            self.restarts += 1
            for listener in list(self._listeners):
                listener.on_restart()

    def _read_ring(self, position: Position, counts: tuple[int, ...]) -> list[LoggedEvent]:
        """Read the events before a position, as many as the log holds without a gap."""
        raws: list[bytes] = []
        after = max(0, position.seq - self._ring_events)
        while after < position.seq:
            chunk = self._log.read_after(after, min(_CHUNK, position.seq - after))
            if not chunk:
                break
            raws += chunk
            after = log_event(chunk[-1], counts).seq
        events = [
            logged for logged in log_events_before(raws, counts) if logged.seq <= position.seq
        ]
        whole = len(events) > 0 and events[-1].seq == position.seq
        return events if whole and events[-1].seq - events[0].seq == len(events) - 1 else []
