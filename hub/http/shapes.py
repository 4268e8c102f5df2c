"""What the HTTP API takes in queries and bodies, and gives in answers, beyond the records themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub import limits
from hub.job_filter import CURSOR_CHARS, JobFilter, Order, Sort
from hub.messages import Id, Inbound, Priority, SubmitRequest
from hub.records import Job, JobError
from hub.states import JobStatus

Cursor = Annotated[str, Meta(min_length=1, max_length=CURSOR_CHARS)]

# --- Taken ------------------------------------------------------------------------------------


class ListQuery(JobFilter, frozen=True, kw_only=True):
    """Which jobs, in what order, and where the page starts."""

    sort: Sort | None = None
    order: Order | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class ExportQuery(JobFilter, frozen=True, kw_only=True):
    """Which jobs, in what order; all that are kept by default."""

    sort: Sort | None = None
    order: Order | None = None


class WaitQuery(Inbound, frozen=True, kw_only=True):
    """How long to wait for a result."""

    wait_s: Annotated[float, Meta(ge=0, le=60)] = 0.0


class BatchRequest(Inbound, frozen=True, kw_only=True):
    """Several jobs; each succeeds or fails by itself."""

    jobs: Annotated[list[SubmitRequest], Meta(min_length=1, max_length=limits.BATCH_JOBS)]


class BulkRequest(Inbound, frozen=True, kw_only=True):
    """One action on many jobs: those of `ids`, or those that pass `filter`, 1,000 a call.

    `cursor` goes on where the call before stopped. `dry_run` changes nothing and tells what would happen.
    """

    action: Literal["cancel", "retry", "priority", "purge"]
    ids: Annotated[list[Id], Meta(min_length=1, max_length=limits.BATCH_JOBS)] | None = None
    filter: JobFilter | None = None
    priority: Priority | None = None
    dry_run: bool = False
    cursor: Cursor | None = None


class NoBody(Inbound, frozen=True):
    """A body that says nothing."""


# --- Given ------------------------------------------------------------------------------------


class JobList(msgspec.Struct, frozen=True):
    """A page of small records; `cursor` asks for the next page, null after the last."""

    jobs: list[Job]
    cursor: str | None


class Refusal(msgspec.Struct, frozen=True):
    """Why one item was refused."""

    code: str
    message: str
    field: str | None


class BatchItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One job of a batch: made, found again by its idempotency key, or refused."""

    job: Job | None = None
    created: bool | None = None
    error: Refusal | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """One item a job, in the order of the request."""

    refused: int
    results: list[BatchItem]


class BulkRefusal(msgspec.Struct, frozen=True):
    """Why one job was left as it is."""

    job_id: str
    code: str
    message: str


class BulkAnswer(msgspec.Struct, frozen=True):
    """What was done (or, with `dry_run`, would be): `matched` = `changed` + `errors`.

    `cursor` is set when more jobs may pass the filter.
    """

    action: str
    dry_run: bool
    matched: int
    changed: int
    errors: list[BulkRefusal]
    cursor: str | None


class Transition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One move of a job."""

    at: int
    run: int
    new_status: JobStatus
    old_status: JobStatus | None = None
    attempt: int | None = None
    worker_id: str | None = None
    fence: int | None = None
    reason: str | None = None
    error: JobError | None = None


class History(msgspec.Struct, frozen=True):
    """A job's moves of all runs, oldest first; the newest 200 are kept."""

    job_id: str
    history: list[Transition]


class JobLogLines(msgspec.Struct, frozen=True):
    """What the job's handlers logged, oldest first; the newest 1,000 lines are kept."""

    job_id: str
    lines: list[str]


class Result(msgspec.Struct, frozen=True):
    """How a job's current run ended; 202 and nulls while it has not."""

    job_id: str
    status: JobStatus
    run: int
    result: Any = None
    error: JobError | None = None
