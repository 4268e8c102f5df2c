"""What a client may say about a job beside its type and payload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Required, TypedDict

from hub.states import JobStatus


class RetryOptions(TypedDict, total=False):
    """How long to wait before the next attempt; seconds."""

    kind: Literal["exponential", "fixed", "none"]
    base_s: float
    cap_s: float
    jitter: float


class RequirementOptions(TypedDict, total=False):
    """What a worker's capabilities must and must not hold; keys may be dotted."""

    must: dict[str, Any]
    must_not: dict[str, Any]


class SubmitOptions(TypedDict, total=False):
    """Everything optional of a job; docs/sdk.md says what each does."""

    priority: int | None
    requirements: RequirementOptions | None
    customer_id: str | None
    workflow_id: str | None
    workflow_priority: int | None
    workflow_submitted_at: int | None
    step_number: int | None
    total_steps: int | None
    idempotency_key: str | None
    run_at: int | None
    delay_s: float | None
    max_attempts: int
    timeout_s: float
    retry: RetryOptions


class JobSpec(SubmitOptions, total=False):
    """One job of a batch."""

    job_type: Required[str]
    payload: Any


class JobFilter(TypedDict, total=False):
    """Which jobs; what is not given does not filter. Times are Unix milliseconds."""

    status: JobStatus | Sequence[JobStatus] | None
    job_type: str | None
    worker_id: str | None
    workflow_id: str | None
    customer_id: str | None
    submitted_by: str | None
    q: str | None
    submitted_from: int | None
    submitted_to: int | None
    finished_from: int | None
    finished_to: int | None
    priority_min: int | None
    priority_max: int | None


class ListOptions(JobFilter, total=False):
    """Which jobs to list, and in what order."""

    sort: Literal["created_at", "finished_at", "priority"] | None
    order: Literal["asc", "desc"] | None
