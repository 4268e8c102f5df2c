"""What the HTTP API takes in queries and bodies, and gives in answers, beyond the records themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub import limits
from hub.answers import Action, Queue, Transition
from hub.job_filter import CURSOR_PATTERN, JobFilter, Order, Sort
from hub.messages import Id, Inbound, Priority, SubmitRequest, TimeMs
from hub.records import Job, JobError, Worker
from hub.roles import ViewRole
from hub.states import JobStatus

Cursor = Annotated[str, Meta(pattern=CURSOR_PATTERN, max_length=120)]

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


class WorkersQuery(Inbound, frozen=True, kw_only=True):
    """How many workers."""

    limit: Annotated[int, Meta(ge=1, le=1_000)] = 500


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

    action: Action
    ids: Annotated[list[Id], Meta(min_length=1, max_length=limits.BATCH_JOBS)] | None = None
    filter: JobFilter | None = None
    priority: Priority | None = None
    dry_run: bool = False
    cursor: Cursor | None = None


class ChangeRequest(Inbound, frozen=True, kw_only=True):
    """What to change of a job that waits; what is not given stays. `run_at`: Unix ms, or "now"."""

    priority: Priority | None = None
    run_at: TimeMs | Literal["now"] | None = None


class TicketRequest(Inbound, frozen=True, kw_only=True):
    """For whom a ticket is; monitors see the same in both roles, and change nothing."""

    role: ViewRole = "viewer"


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


class WorkerList(msgspec.Struct, frozen=True):
    """Workers; `truncated`: there are more than `limit`."""

    workers: list[Worker]
    truncated: bool


class QueueList(msgspec.Struct, frozen=True):
    """Every job type that was seen, by name."""

    queues: list[Queue]


class SnapshotDocument(msgspec.Struct, frozen=True):
    """The state that a monitor starts from, exact at `seq`; docs/protocol.md describes `data`."""

    epoch: str
    seq: int
    timestamp: int
    data: dict[str, Any]


class Ticket(msgspec.Struct, frozen=True):
    """Opens one monitor socket as its first message `auth {ticket}`, once, within `expires_in_s`."""

    ticket: str
    expires_in_s: int


class Ended(msgspec.Struct, frozen=True):
    """The name of what is no more: a token, a user."""

    name: str


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the hub is alive, or ready and where its event log stands."""

    status: str
    epoch: str | None = None
    seq: int | None = None
