"""What a monitor asked for, and the frames that carry it: pure functions over events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from hub.event_log import COUNT_NAMES, Event, LoggedEvent
from hub.messages import Filters
from hub.record_filter import EVERYTHING, RecordFilter, canonical
from hub.snapshot import ListWindow

_TOPICS: Final = {
    "worker_connected": frozenset({"workers"}),
    "worker_disconnected": frozenset({"workers"}),
    "worker_status_changed": frozenset({"workers"}),
    "job_progress": frozenset({"jobs", "jobs:progress"}),
    "system_stats": frozenset({"system_stats"}),
}
_STATUS_TOPICS: Final = frozenset({"jobs", "jobs:status"})


class Subscription:
    """Topics, filters and the form of frames. Monitors whose `key` is equal share frames."""

    def __init__(
        self, topics: Iterable[str], filters: Filters = EVERYTHING, form: str = "plain"
    ) -> None:
        self.topics = frozenset(topics)
        self.form = form
        self.filters = filters
        self.filter = RecordFilter(filters)
        self.key: bytes = msgspec.json.encode([form, sorted(self.topics), canonical(filters)])
        self.shows_jobs = bool(self.topics & _STATUS_TOPICS)
        self.shows_workers = "workers" in self.topics
        self._types: dict[str, bool] = {}

    def wants(self, event: Event) -> bool:
        """Whether the event's record matches before or after the move."""
        wanted = self._types.get(event.type)
        if wanted is None:
            wanted = bool(self.topics & _TOPICS.get(event.type, _STATUS_TOPICS))
            self._types[event.type] = wanted
        return wanted and (self.filter.all or self._passes(event))

    def _passes(self, event: Event) -> bool:
        if event.type == "system_stats":
            return True
        if event.type.startswith("worker_"):
            return self.filter.worker(event.worker_id)
        if event.type == "queue_changed":
            return self.filter.queue(event.job_type)
        return self.filter.job(event.after) or self.filter.job(event.before)


def fold(events: Iterable[LoggedEvent]) -> list[LoggedEvent]:
    """Keep the latest event of each record, and every closed second; in order of seq.

    A record's event holds the whole record, so the earlier ones add nothing; progress that came after
    it is kept beside it.
    """
    kept: dict[tuple[str, str], LoggedEvent] = {}
    for logged in events:
        event = logged.event
        if event.type == "job_progress":
            key = ("progress", event.job_id or "")
        elif event.job is not None:
            key = ("job", event.job_id or "")
            kept.pop(("progress", event.job_id or ""), None)
        elif event.type.startswith("worker_"):
            key = ("worker", event.worker_id or "")
        elif event.type == "queue_changed":
            key = ("queue", event.job_type or "")
        else:
            key = (event.type, str(event.seq))
        kept[key] = logged
    return sorted(kept.values(), key=lambda logged: logged.seq)


def counts_json(counts: Sequence[int]) -> bytes:
    """Write counts as the JSON object that frames and snapshots carry."""
    return msgspec.json.encode(dict(zip(COUNT_NAMES, counts, strict=True)))


def events_message(
    epoch: str, prev: int, seq: int, events: Sequence[LoggedEvent], counts: Sequence[int] | None
) -> bytes:
    """Write an `events` message; the events are put in as they were published."""
    head = f'{{"type":"events","epoch":"{epoch}","prev":{prev},"seq":{seq},'.encode()
    told = b"" if counts is None else b'"counts":' + counts_json(counts) + b","
    return head + told + b'"events":[' + b",".join([logged.raw for logged in events]) + b"]}"


def window_message(prev: int, list_name: str, window: ListWindow) -> bytes:
    """Write a `window` message: the rows of one list again."""
    return msgspec.json.encode(
        {
            "type": "window",
            "epoch": window.epoch,
            "prev": prev,
            "seq": window.seq,
            "list": list_name,
            "rows": window.rows.rows,
            "truncated": window.rows.truncated,
        }
    )
