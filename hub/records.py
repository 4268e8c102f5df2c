"""The stored and wire shapes of a job and a worker; one set of names everywhere.

A time is integer Unix milliseconds, named `*_at`. The *small record* of a job is
this shape without `payload`, `result`, the error's `traceback` and every null; it is
what events and snapshots carry, written by the Lua scripts as JSON.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hub.states import JobStatus, WorkerStatus


class Retry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long to wait before the next attempt of a job that failed."""

    kind: Literal["exponential", "fixed", "none"] = "exponential"
    base_s: float = 2.0
    cap_s: float = 900.0
    jitter: float = 0.25  # the wait is drawn from ± this share of itself


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a running job is, in the words of its worker."""

    percent: float = 0.0
    message: str | None = None
    current_step: int | None = None
    of_steps: int | None = None
    eta_ms: int | None = None
    updated_at: int | None = None


class JobError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the last attempt of a job did not complete.

    `reason` is the hub's word (`poison`, `timeout`) where the hub decided.
    """

    type: str
    message: str = ""
    traceback: str | None = None
    retryable: bool | None = None
    reason: str | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One job, all runs of it under one id; the fields speak of its current run."""

    job_id: str
    job_type: str
    status: JobStatus
    run: int
    rev: int
    priority: int
    created_at: int
    payload: msgspec.Raw | None = None
    requirements: dict[str, Any] | None = None
    customer_id: str | None = None
    workflow_id: str | None = None
    workflow_priority: int | None = None
    workflow_submitted_at: int | None = None
    step_number: int | None = None
    total_steps: int | None = None
    idempotency_key: str | None = None
    submitted_by: str | None = None
    run_at: int | None = None
    max_attempts: int | None = None
    attempt: int | None = None
    losses: int | None = None
    timeout_s: float | None = None
    retry: Retry | None = None
    worker_id: str | None = None
    fence: int | None = None
    order_key: str | None = None
    pending_at: int | None = None
    assigned_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    progress: Progress | None = None
    result: msgspec.Raw | None = None
    error: JobError | None = None
    wait_ms: int | None = None
    run_ms: int | None = None


class Worker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One worker, connected or remembered."""

    worker_id: str
    status: WorkerStatus
    job_types: list[str]
    slots: int
    rev: int
    connected_at: int
    completed: int
    failed: int
    capabilities: dict[str, Any]
    job_ids: list[str]
    version: str | None = None
    host: str | None = None
    last_heartbeat_at: int | None = None
