"""Plays a past through the real scripts: the test clock moves, the scripts write what they always write."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.job_broker import Assignment, JobBroker
from hub.maintenance import Maintenance
from hub.messages import HeldJob, Register, ReportedError, SubmitRequest
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry

_TEND_EVERY_MS = 600_000


@dataclass(frozen=True)
class PastJob:
    """A job of the past: when it came, how long it ran, how it ended."""

    submit_at: int
    run_ms: int
    job_type: str = "default"
    outcome: str = "completed"
    error: str = "it broke"


@dataclass
class History:
    """A hub without servers: time goes from event to event, workers take what they fit."""

    service: RedisService
    broker: JobBroker
    registry: WorkerRegistry
    maintenance: Maintenance
    now: int = 0
    _running: list[tuple[int, int, str, Assignment]] = field(default_factory=list)
    _free: dict[str, int] = field(default_factory=dict)
    _ties: itertools.count[int] = field(default_factory=itertools.count)
    _tended_at: int = 0
    _waiting: int = 0
    _plans: dict[str, PastJob] = field(default_factory=dict)

    def begin(self, at: int) -> None:
        """Start counting at Unix ms `at`; times before it never were."""
        self.service.redis.hset(self.service.keys.key("closing"), "closed", at // 1000 - 1)
        self._tended_at = at
        self.go_to(at)

    def add_worker(self, worker_id: str, slots: int, job_types: Sequence[str]) -> None:
        """Connect a worker."""
        self.registry.register(
            Register(worker_id=worker_id, job_types=list(job_types), slots=slots), worker_id
        )
        self._free[worker_id] = slots

    def leave(self) -> None:
        """Say goodbye for every worker."""
        for worker_id in self._free:
            self.registry.goodbye(worker_id, worker_id)
        self._free.clear()

    def play(self, jobs: Sequence[PastJob]) -> None:
        """Submit every job at its time and run it as soon as a worker has room; ends when all have ended."""
        for job in sorted(jobs, key=lambda job: job.submit_at):
            self._run_until(job.submit_at)
            self.go_to(job.submit_at)
            made = self.broker.submit(SubmitRequest(job_type=job.job_type), submitted_by="past")
            self._plans[made.job.job_id] = job
            self._waiting += 1
            self._hand_out()
        self._run_until(None)

    def go_to(self, at: int) -> None:
        """Move the clock of the scripts to Unix ms `at`; maintenance runs on the way."""
        while at - self._tended_at > _TEND_EVERY_MS:
            self._tended_at += _TEND_EVERY_MS
            self._set_clock(self._tended_at)
            self._tend()
        self._set_clock(at)

    def settle(self) -> None:
        """Close everything up to a little after now."""
        self.go_to(self.now + 5_000)
        self._tend()

    def _set_clock(self, at: int) -> None:
        self.now = at
        offset = at - time.time_ns() // 1_000_000
        self.service.redis.hset(self.service.keys.meta, "offset_ms", offset)

    def _tend(self) -> None:
        for worker_id in self._free:
            self.registry.heartbeat(worker_id, worker_id, self._held(worker_id))
        while self.maintenance.run_once().seconds:
            pass

    def _held(self, worker_id: str) -> list[HeldJob]:
        return [
            HeldJob(job_id=grant.job_id, fence=grant.fence)
            for _, _, holder, grant in self._running
            if holder == worker_id
        ]

    def _hand_out(self) -> None:
        for worker_id, free in self._free.items():
            if not self._waiting:  # a claim that finds nothing would take half of the time
                return
            for grant in self.broker.claim(worker_id, free) if free else ():
                self.broker.start(worker_id, grant.job_id, grant.fence)
                self._waiting -= 1
                end = self.now + self._plans[grant.job_id].run_ms
                heapq.heappush(self._running, (end, next(self._ties), worker_id, grant))
                self._free[worker_id] -= 1

    def _run_until(self, at: int | None) -> None:
        while self._running and (at is None or self._running[0][0] <= at):
            end = self._running[0][0]
            self.go_to(end)
            _, _, worker_id, grant = heapq.heappop(self._running)
            self._finish(worker_id, grant)
            self._free[worker_id] += 1
            self._hand_out()

    def _finish(self, worker_id: str, grant: Assignment) -> None:
        job = self._plans[grant.job_id]
        if job.outcome == "completed":
            self.broker.complete(worker_id, grant.job_id, grant.fence, b"null")
        elif job.outcome == "cancelled":
            self.broker.cancel(grant.job_id, actor="past")
            self.broker.release(worker_id, grant.job_id, grant.fence)
        else:
            error = ReportedError(type="PastError", message=job.error, retryable=False)
            self.broker.fail(worker_id, grant.job_id, grant.fence, error)
