"""The messages that outside programs send: one frozen Struct each, unknown fields refused.

Decoding is validation: a limit stands in the type, so the HTTP API, the sockets and the
OpenAPI document cannot disagree. What the hub sends is described in docs/protocol.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from hub import limits

# Not `.` and `..`: every client of HTTP takes them out of a path, so they could not be named in one.
ID_PATTERN: Final = r"^(?!\.\.?$)[A-Za-z0-9_.:@/-]+$(?!\n)"

Id = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARS, pattern=ID_PATTERN)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARS)]
Priority = Annotated[int, Meta(ge=0, le=100)]
TimeMs = Annotated[int, Meta(ge=0, le=limits.TIME_MAX_MS)]
Fence = Annotated[int, Meta(ge=0, le=2**53)]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
Seconds = Annotated[float, Meta(ge=0, le=31_536_000)]


class Inbound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shape that comes from outside."""


# --- Submit -----------------------------------------------------------------------------------


Scalar = bool | int | float | str
Condition = Scalar | Annotated[list[Scalar], Meta(min_length=1)]


class Requirements(Inbound, frozen=True, kw_only=True):
    """What a worker's capabilities must and must not hold; keys may be dotted."""

    must: dict[Name, Condition] = {}
    must_not: dict[Name, Condition] = {}


class RetryRequest(Inbound, frozen=True, kw_only=True):
    """`hub.records.Retry` as a client may ask for it."""

    kind: Literal["exponential", "fixed", "none"] = "exponential"
    base_s: Annotated[float, Meta(ge=0, le=86_400)] = 2.0
    cap_s: Annotated[float, Meta(ge=0, le=604_800)] = 900.0
    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.25


class SubmitRequest(Inbound, frozen=True, kw_only=True):
    """A job that a client asks for."""

    job_type: Id
    # A factory, because no schema can show a Raw as a default.
    payload: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))
    priority: Priority | None = None
    requirements: Requirements | None = None
    customer_id: Id | None = None
    workflow_id: Id | None = None
    workflow_priority: Priority | None = None
    workflow_submitted_at: TimeMs | None = None
    step_number: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    total_steps: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    idempotency_key: Name | None = None
    run_at: TimeMs | None = None
    delay_s: Seconds | None = None
    max_attempts: Annotated[int, Meta(ge=1, le=1_000)] = 3
    timeout_s: Annotated[float, Meta(gt=0, le=31_536_000)] = 3_600.0
    retry: RetryRequest = RetryRequest()


# --- Any socket -------------------------------------------------------------------------------


class Message(Inbound, frozen=True, tag_field="type", kw_only=True):
    """A socket message; a `request_id` is echoed in every answer to it."""

    request_id: Name | None = None


class Auth(Message, frozen=True, tag="auth", kw_only=True):
    """The first message of a connection that brought no Authorization header."""

    token: Annotated[str, Meta(max_length=1_000)] | None = None
    ticket: Annotated[str, Meta(max_length=1_000)] | None = None


# --- Monitor → hub ----------------------------------------------------------------------------

Topic = Literal["workers", "jobs", "jobs:status", "jobs:progress", "system_stats"]
ListName = Literal["pending", "scheduled", "active", "completed", "failed", "cancelled"]
ShortLists = Annotated[list[ListName], Meta(max_length=6)]


class ResumePoint(Inbound, frozen=True, kw_only=True):
    """The last event that a monitor holds.

    short: the truncated lists of which it shows fewer rows than a window has; None: it does not say.
    """

    epoch: Name
    seq: Seq
    short: ShortLists | None = None


class Filters(Inbound, frozen=True, kw_only=True):
    """Which records a monitor wants; None means all."""

    job_types: Annotated[list[Id], Meta(max_length=1_000)] | None = None
    worker_ids: Annotated[list[Id], Meta(max_length=1_000)] | None = None
    priority_range: tuple[Priority, Priority] | None = None


class MonitorConnect(Message, frozen=True, tag="monitor_connect", kw_only=True):
    """Introduces a monitor; nothing is sent before its first `subscribe`."""

    monitor_id: Id
    request_full_state: bool = True
    resume: ResumePoint | None = None
    transport: Literal["events", "polling"] = "events"
    form: Literal["plain", "compact"] = "plain"


class Subscribe(Message, frozen=True, tag="subscribe", kw_only=True):
    """Chooses topics and filters; a later one starts again from a fresh snapshot."""

    topics: Annotated[list[Topic], Meta(min_length=1, max_length=5)]
    filters: Filters = Filters()


class MonitorHeartbeat(Message, frozen=True, tag="heartbeat", kw_only=True):
    """Asks for `heartbeat_ack` with the server's time."""


class ResyncRequest(Message, frozen=True, tag="resync_request", kw_only=True):
    """Asks to go on from `seq`, or for a snapshot where that is too old."""

    epoch: Name
    seq: Seq
    short: ShortLists | None = None


MonitorMessage = MonitorConnect | Subscribe | MonitorHeartbeat | ResyncRequest | Auth


# --- Worker → hub -----------------------------------------------------------------------------


class HeldJob(Inbound, frozen=True, kw_only=True):
    """A grant that a worker holds."""

    job_id: Id
    fence: Fence


class Register(Message, frozen=True, tag="register", kw_only=True):
    """Introduces a worker and names the grants that it still holds."""

    worker_id: Id
    job_types: Annotated[list[Id], Meta(min_length=1, max_length=limits.JOB_TYPES_A_WORKER)]
    capabilities: dict[str, Any] = {}
    slots: Annotated[int, Meta(ge=1, le=limits.SLOTS)] = 1
    prefetch: Annotated[int, Meta(ge=0, le=limits.SLOTS)] = 0
    version: Name | None = None
    host: Name | None = None
    resume: Annotated[list[HeldJob], Meta(max_length=limits.HELD_A_WORKER)] = []


class AboutJob(Message, frozen=True, kw_only=True):
    """A worker's message about one grant; any of them accepts the job."""

    job_id: Id
    fence: Fence


class JobStarted(AboutJob, frozen=True, tag="job_started", kw_only=True):
    """The handler begins."""


class JobProgress(AboutJob, frozen=True, tag="job_progress", kw_only=True):
    """How far the handler is."""

    percent: Annotated[float, Meta(ge=0, le=100)]
    message: Annotated[str, Meta(max_length=limits.PROGRESS_MESSAGE_CHARS)] | None = None
    current_step: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    of_steps: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    eta_ms: Annotated[int, Meta(ge=0, le=limits.TIME_MAX_MS)] | None = None


class JobLog(AboutJob, frozen=True, tag="job_log", kw_only=True):
    """Lines for the job's log; the newest are kept."""

    lines: Annotated[
        list[Annotated[str, Meta(max_length=limits.LOG_LINE_CHARS)]],
        Meta(min_length=1, max_length=limits.LOG_LINES_A_MESSAGE),
    ]


class JobCompleted(AboutJob, frozen=True, tag="job_completed", kw_only=True):
    """The handler returned."""

    result: msgspec.Raw = msgspec.Raw(b"null")


class ReportedError(Inbound, frozen=True, kw_only=True):
    """What a handler raised."""

    type: Name
    message: str = ""
    traceback: str | None = None
    retryable: bool = True


class JobFailed(AboutJob, frozen=True, tag="job_failed", kw_only=True):
    """The handler raised."""

    error: ReportedError


class JobReleased(AboutJob, frozen=True, tag="job_released", kw_only=True):
    """The worker lets go: a cancelled job's slot is free, or an unfinished one goes back uncounted."""


class WorkerHeartbeat(Message, frozen=True, tag="heartbeat", kw_only=True):
    """Renews the leases of every grant named."""

    held: Annotated[list[HeldJob], Meta(max_length=limits.HELD_A_WORKER)] = []


class WorkerStatusChange(Message, frozen=True, tag="status", kw_only=True):
    """The worker asks to drain, or to take jobs again."""

    draining: bool


class Goodbye(Message, frozen=True, tag="goodbye", kw_only=True):
    """The worker leaves; what it holds goes back uncounted."""


WorkerMessage = (
    Register
    | JobStarted
    | JobProgress
    | JobLog
    | JobCompleted
    | JobFailed
    | JobReleased
    | WorkerHeartbeat
    | WorkerStatusChange
    | Goodbye
    | Auth
)


# --- Client → hub -----------------------------------------------------------------------------


class Submit(SubmitRequest, frozen=True, tag="submit", tag_field="type", kw_only=True):
    """`SubmitRequest` over the client socket."""

    request_id: Name | None = None


class SubmitBatch(Message, frozen=True, tag="submit_batch", kw_only=True):
    """Several jobs; each succeeds or fails by itself."""

    jobs: Annotated[list[SubmitRequest], Meta(min_length=1, max_length=limits.BATCH_JOBS)]


class Cancel(Message, frozen=True, tag="cancel", kw_only=True):
    """Cancels a job."""

    job_id: Id


class Follow(Message, frozen=True, tag="follow", kw_only=True):
    """Asks for a job's events, then its result."""

    job_id: Id


ClientMessage = Submit | SubmitBatch | Cancel | Follow | Auth
