"""What the plain model knows of a job, a grant and a worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class PlainJob:
    """One job; `ended` attempts have an outcome, `settled` and `revoked` are fences."""

    job_id: str
    job_type: str
    gpu: int
    priority: int
    time: int
    order: int
    created_at: int
    retry: dict[str, Any]
    max_attempts: int
    timeout_s: float
    run_at: int | None = None
    workflow_id: str | None = None
    key: str | None = None
    status: str = ""
    run: int = 1
    rev: int = 1
    attempt: int = 0
    ended: int = 0
    losses: int = 0
    worker_id: str | None = None
    fence: int | None = None
    pending_at: int | None = None
    assigned_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    error: str | None = None
    settled: list[int] = field(default_factory=list)
    revoked: list[int] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, int, int]:
        """Where it stands in line."""
        return (-self.priority, self.time, self.order)


@dataclass
class Grant:
    """A job given to a worker; `accept_by` is None once it was accepted."""

    job_id: str
    fence: int
    lease_until: int
    accept_by: int | None
    started: bool = False


@dataclass
class PlainWorker:
    """One worker; `connected` is False while it is offline."""

    worker_id: str
    job_types: tuple[str, ...]
    gpu: int
    prefetch: int
    connection: str
    heard_at: int
    slots: int = 1
    connected: bool = True
    draining: bool = False
    went_at: int = 0
    rev: int = 0
    completed: int = 0
    failed: int = 0
    grants: dict[int, Grant] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """As the record shows it."""
        if not self.connected:
            return "offline"
        if self.draining:
            return "draining"
        return "busy" if self.grants else "idle"
