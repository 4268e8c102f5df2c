"""What the hub answers beyond the records themselves; the HTTP API, the SDK and the command line share it.

These shapes only describe: what is taken from outside stands in `hub.messages` and `hub.http.shapes`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hub.records import JobError
from hub.states import JobStatus, WorkerStatus

Action = Literal["cancel", "retry", "priority", "purge"]
MarkKind = Literal["deploy", "incident", "note"]
Counts = dict[str, int]

# --- One job ----------------------------------------------------------------------------------


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


class QueuePlace(msgspec.Struct, frozen=True):
    """A job's place in line: 1 is next, null when it does not wait in line.

    `estimated_start_at` (Unix ms) assumes that jobs go on being started at `starts_per_s`, the rate of
    the last minute, in the order of the line; null when nothing was started, its queue is paused or no
    worker fits it. For a scheduled job it is its `run_at`, for one that was started its `started_at`.
    """

    job_id: str
    status: JobStatus
    position: int | None
    pending: int
    starts_per_s: float
    estimated_start_at: int | None


class WorkerMatch(msgspec.Struct, frozen=True):
    """One worker and one job.

    `fits`: its job types and capabilities meet the requirements; `reasons` say why not. `waits_for`
    says what else keeps a worker that fits from the job now: it is offline, draining or full.
    """

    worker_id: str
    status: WorkerStatus
    fits: bool
    reasons: list[str]
    waits_for: str | None = None


class MatchReport(msgspec.Struct, frozen=True):
    """A job and every worker, connected ones first; `truncated`: there are more.

    `unworkable` says why no connected worker fits, None when one does; `paused`: its queue is.
    """

    job_id: str
    status: JobStatus
    paused: bool
    unworkable: str | None
    workers: list[WorkerMatch]
    truncated: bool


# --- Many jobs --------------------------------------------------------------------------------


class Refused(msgspec.Struct, frozen=True):
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
    errors: list[Refused]
    cursor: str | None


# --- Queues and counts ------------------------------------------------------------------------


class Unworkable(msgspec.Struct, frozen=True):
    """Pending jobs that no connected worker fits, and why."""

    requirements: dict[str, Any]
    count: int
    reason: str


class Queue(msgspec.Struct, frozen=True):
    """What waits of one job type. `unworkable` shows some of the lanes that nobody fits."""

    job_type: str
    paused: bool
    pending: int
    oldest_pending_at: int | None
    unworkable: list[Unworkable]
    unworkable_lanes: int


class Stats(msgspec.Struct, frozen=True):
    """One number a state of jobs and workers, exact at `seq` of `epoch`."""

    epoch: str
    seq: int
    timestamp: int
    counts: Counts
    workers: Counts


# --- Figures ----------------------------------------------------------------------------------


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A deploy, an incident or a note on the time line; `at` is Unix milliseconds."""

    mark_id: str
    at: int
    kind: MarkKind
    label: str


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs of `job_type` start within `target_ms` of becoming pending, a share of `objective` of them."""

    job_type: str
    target_ms: int
    objective: float
