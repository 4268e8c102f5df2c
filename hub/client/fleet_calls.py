"""The hub's HTTP API as values, continued: many jobs at once, workers, queues, counts and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hub import limits
from hub.answers import Action, BulkAnswer, Mark, MarkKind, Promise, Queue, Stats
from hub.client.calls import Call, path, reader
from hub.errors import InvalidInput
from hub.records import Worker


class _Workers(msgspec.Struct, frozen=True):
    workers: list[Worker]


class _Queues(msgspec.Struct, frozen=True):
    queues: list[Queue]


class _Slo(msgspec.Struct, frozen=True):
    slo: list[Promise]


class _PromiseSet(msgspec.Struct, frozen=True):
    promise: Promise | None


class Bulk:
    """One action on many jobs, in as many calls as the limits of a request ask for; answers are added up.

    for call in bulk: bulk.add(perform(call))
    """

    def __init__(
        self,
        action: Action,
        *,
        ids: Sequence[str] | None,
        filter: Mapping[str, Any] | None,
        priority: int | None,
        dry_run: bool,
    ) -> None:
        if (ids is None) == (filter is None):
            raise InvalidInput("give either ids or filter", field="ids")
        self._fields: dict[str, Any] = {"action": action, "dry_run": dry_run}
        if priority is not None:
            self._fields["priority"] = priority
        self._ids = ids
        self._filter = None if filter is None else _filter(filter)
        self.total = BulkAnswer(action, dry_run, 0, 0, [], None)

    def __iter__(self) -> Iterator[Call[BulkAnswer]]:
        if self._ids is not None:
            for start in range(0, len(self._ids), limits.BATCH_JOBS):
                yield self._call(ids=list(self._ids[start : start + limits.BATCH_JOBS]))
            return
        yield self._call(filter=self._filter)
        while self.total.cursor is not None:
            yield self._call(filter=self._filter, cursor=self.total.cursor)

    def add(self, answer: BulkAnswer) -> None:
        """Count what a call did."""
        total = self.total
        self.total = BulkAnswer(
            answer.action,
            answer.dry_run,
            total.matched + answer.matched,
            total.changed + answer.changed,
            [*total.errors, *answer.errors],
            answer.cursor,
        )

    def _call(self, **targets: Any) -> Call[BulkAnswer]:
        body = msgspec.json.encode(self._fields | targets)
        repeatable = self.total.dry_run
        return Call("POST", "/api/jobs/bulk", reader(BulkAnswer), body, repeatable)


def workers() -> Call[list[Worker]]:
    """GET /api/workers."""
    read = reader(_Workers)
    return Call("GET", "/api/workers?limit=1000", lambda body: read(body).workers)


def worker(worker_id: str) -> Call[Worker]:
    """GET /api/workers/{id}."""
    return Call("GET", path("workers", worker_id), reader(Worker))


def drain_worker(worker_id: str, draining: bool) -> Call[Worker]:
    """POST /api/workers/{id}/drain or /resume."""
    verb = "drain" if draining else "resume"
    return Call("POST", path("workers", worker_id, verb), reader(Worker))


def queues() -> Call[list[Queue]]:
    """GET /api/queues."""
    read = reader(_Queues)
    return Call("GET", "/api/queues", lambda body: read(body).queues)


def queue(job_type: str) -> Call[Queue]:
    """GET /api/queues/{job_type}."""
    return Call("GET", path("queues", job_type), reader(Queue))


def pause_queue(job_type: str, paused: bool) -> Call[Queue]:
    """POST /api/queues/{job_type}/pause or /resume."""
    verb = "pause" if paused else "resume"
    return Call("POST", path("queues", job_type, verb), reader(Queue))


def stats() -> Call[Stats]:
    """GET /api/stats."""
    return Call("GET", "/api/stats", reader(Stats))


def mark(label: str, kind: MarkKind, at: int | None) -> Call[Mark]:
    """POST /api/marks. Not repeatable: each is a mark of its own."""
    fields: dict[str, Any] = {"label": label, "kind": kind}
    if at is not None:
        fields["at"] = at
    return Call("POST", "/api/marks", reader(Mark), msgspec.json.encode(fields), repeatable=False)


def promises() -> Call[list[Promise]]:
    """GET /api/slo."""
    read = reader(_Slo)
    return Call("GET", "/api/slo", lambda body: read(body).slo)


def set_promise(job_type: str, target_s: float | None, objective: float) -> Call[Promise | None]:
    """PUT /api/slo."""
    fields = {"job_type": job_type, "target_s": target_s, "objective": objective}
    read = reader(_PromiseSet)
    return Call("PUT", "/api/slo", lambda body: read(body).promise, msgspec.json.encode(fields))


def _filter(given: Mapping[str, Any]) -> dict[str, Any]:
    """Write a filter as the body takes it: `status` is a list there."""
    wanted = {name: value for name, value in given.items() if value is not None}
    if isinstance(wanted.get("status"), str):
        wanted["status"] = [wanted["status"]]
    return wanted
