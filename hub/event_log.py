"""Events as the hub reads them, from pub/sub and from the stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hub.redis_service import RedisService
from hub.states import FINAL_STATUSES


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What routing and filtering look at in a record or in an event's `old`."""

    job_type: str | None = None
    worker_id: str | None = None
    priority: float | None = None
    fence: int | None = None
    order_key: str = ""
    run_at: int = 0
    assigned_at: int = 0
    finished_at: int = 0


class WorkerFacts(msgspec.Struct, frozen=True, gc=False):
    """What routing looks at in a worker's record."""

    job_ids: list[str] = []
    rev: int = 0


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event, decoded as far as the hub looks."""

    seq: int
    type: str
    timestamp: int
    job_id: str | None = None
    worker_id: str | None = None
    job_type: str | None = None
    priority: float | None = None
    fence: int | None = None
    old_status: str | None = None
    new_status: str | None = None
    reason: str | None = None
    connection_id: str | None = None
    paused: bool | None = None
    job: Facts | None = None
    old: Facts | None = None
    worker: WorkerFacts | None = None

    @property
    def before(self) -> Facts:
        """The record's facts before the move."""
        after = self.after
        if self.old is None:
            return after
        return Facts(
            job_type=after.job_type,
            worker_id=self.old.worker_id or after.worker_id,
            priority=after.priority if self.old.priority is None else self.old.priority,
            fence=self.old.fence or after.fence,
        )

    @property
    def after(self) -> Facts:
        """The record's facts after the move; events without a record carry them themselves."""
        return self.job or Facts(self.job_type, self.worker_id, self.priority, self.fence)


class LoggedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event, its JSON as monitors are told it, and the counts right after it."""

    event: Event
    raw: bytes
    counts: tuple[int, ...]

    @property
    def seq(self) -> int:
        """Its place in the epoch."""
        return self.event.seq


_DECODER = msgspec.json.Decoder(Event)
_FILTER_FACTS = b',"job_type":"'  # where progress_job.lua begins with them

COUNT_NAMES = (
    "scheduled",
    "pending",
    "assigned",
    "in_progress",
    "completed",
    "failed",
    "cancelled",
    "kept",
)
_PLACES = {name: place for place, name in enumerate(COUNT_NAMES)}
_GAUGES = frozenset({"scheduled", "pending", "assigned", "in_progress"})


def log_event(raw: bytes, counts: tuple[int, ...]) -> LoggedEvent:
    """Decode an event; `counts` are those right before it."""
    event = _DECODER.decode(raw)
    return LoggedEvent(event, _told(event, raw), count_after(counts, event))


def _told(event: Event, raw: bytes) -> bytes:
    """What is passed on of an event: no facts that only filters and other hubs need.

    No text within the event can look like what is cut: its quotes are escaped.
    """
    if event.connection_id is not None:
        return raw.replace(b',"connection_id":"%s"' % event.connection_id.encode(), b"", 1)
    if event.type != "job_progress":
        return raw
    cut = raw.rfind(_FILTER_FACTS)
    return raw if cut < 0 else raw[:cut] + b"}"


def read_publication(message: bytes) -> tuple[str, int, list[bytes]]:
    """Split what a script published: the epoch, the seq of its first event, and its events' JSON in order."""
    head, *raws = message.split(b"\n")
    epoch, first = head.split(b" ")
    return epoch.decode(), int(first), raws


def count_after(counts: tuple[int, ...], event: Event) -> tuple[int, ...]:
    """The jobs a state after `event`: four gauges, three totals that only grow, and what is kept."""
    return _shift(counts, event, 1)


def count_before(counts: tuple[int, ...], event: Event) -> tuple[int, ...]:
    """The jobs a state before `event`, whose counts afterwards are `counts`."""
    return _shift(counts, event, -1)


def _shift(counts: tuple[int, ...], event: Event, sign: int) -> tuple[int, ...]:
    old, new = event.old_status, event.new_status
    if event.job is None or old == new:
        return counts
    changed = list(counts)
    if old in _GAUGES:
        changed[_PLACES[old]] -= sign
    if new is not None:
        changed[_PLACES[new]] += sign
    changed[_PLACES["kept"]] += sign * ((new in FINAL_STATUSES) - (old in FINAL_STATUSES))
    return tuple(changed)


def log_events_after(raws: Iterable[bytes], counts: tuple[int, ...]) -> list[LoggedEvent]:
    """Decode events in a row; `counts` are those right before the first one."""
    found = []
    for raw in raws:
        found.append(log_event(raw, counts))
        counts = found[-1].counts
    return found


def log_events_before(raws: Sequence[bytes], counts: tuple[int, ...]) -> list[LoggedEvent]:
    """Decode events in a row; `counts` are those right after the last one."""
    found = []
    for raw in reversed(raws):
        event = _DECODER.decode(raw)
        found.append(LoggedEvent(event, _told(event, raw), counts))
        counts = count_before(counts, event)
    return found[::-1]


class EventLog:
    """Reads the stream of one namespace."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def head(self) -> tuple[str, int]:
        """Read the epoch and the newest seq. Redis: HMGET."""
        epoch, seq = self._service.redis.hmget(self._service.keys.meta, ["epoch", "seq"])
        return (epoch or b"").decode(), int(seq or 0)

    def read_after(self, seq: int, count: int) -> list[bytes]:
        """Read the JSON of up to `count` events after `seq`; empty when the next one is not there.

        Whether the log still begins early enough is for the caller to see at the first event's seq.
        Redis: XRANGE, O(log n + count).
        """
        entries: Any = self._service.redis.xrange(
            self._service.keys.events, min=f"{seq + 1}-0", max="+", count=count
        )
        return [fields[b"e"] for _, fields in entries]

    def first_seq(self) -> int:
        """Read the seq of the oldest event that the log holds; 0 when it is empty. Redis: XRANGE, O(1)."""
        entries: Any = self._service.redis.xrange(self._service.keys.events, count=1)
        return int(entries[0][0].partition(b"-")[0]) if entries else 0
