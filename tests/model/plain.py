"""The core of the hub as plain Python: what every script is supposed to do, without any index.

A method returns what the script answers and notes in `told` which events must have been written. Only
the drawn delay of a backoff is taken over from the hub, after a check of its range.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

FINAL = {"completed", "failed", "cancelled"}
ACTIVE = {"assigned", "in_progress"}
LEASE_MS, ACCEPT_MS = 30_000, 5_000
DAY_MS = 86_400_000


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


class Plain:
    """Jobs, workers and queues, and every move of them."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.jobs: dict[str, PlainJob] = {}
        self.gone: dict[str, PlainJob] = {}
        self.workers: dict[str, PlainWorker] = {}
        self.paused: set[str] = set()
        self.types: set[str] = set()
        self.workflows: dict[str, tuple[int, int]] = {}
        self.keys: dict[str, str] = {}  # idempotency key -> job id; a key outlives its job by a day
        self.totals = dict.fromkeys(FINAL, 0)
        self.told: list[tuple[Any, ...]] = []
        self.touched: set[str] = set()
        self.unchecked_backoff: list[tuple[PlainJob, float, float]] = []

    # --- Moves --------------------------------------------------------------------------------

    def move(self, job: PlainJob, status: str, kind: str = "job_status_changed") -> None:
        """Everything that a state implies, and its one event."""
        self.told.append((kind, job.job_id, job.status or None, status))
        job.rev += job.status != ""
        job.status = status
        if status == "pending":
            job.pending_at = self.now
            self.types.add(job.job_type)
        if status in FINAL:
            job.finished_at = self.now
            self.totals[status] += 1

    def requeue(self, job: PlainJob) -> None:
        """Back in line; the attempt does not count."""
        self.clear(job)
        self.move(job, "pending")

    def clear(self, job: PlainJob) -> None:
        """Take the job from its worker."""
        job.worker_id = job.fence = job.assigned_at = job.started_at = None

    def lose(self, job: PlainJob) -> None:
        """A lease ran out; three in a row are poison."""
        job.losses += 1
        if job.losses > 2:
            job.error = "Poison"
            self.move(job, "failed", "job_failed")
        else:
            self.requeue(job)

    def fail_attempt(self, job: PlainJob, error: str, retryable: bool) -> None:
        """An attempt ended badly: again later, or never."""
        job.ended += 1
        job.losses = 0
        job.error = error
        if not retryable or job.retry["kind"] == "none" or job.ended >= job.max_attempts:
            self.move(job, "failed", "job_failed")
            return
        wait = job.retry["base_s"]
        if job.retry["kind"] == "exponential":
            wait *= 2 ** (job.attempt - 1)
        wait = min(wait, job.retry["cap_s"])
        low, high = wait * (1 - job.retry["jitter"]), wait * (1 + job.retry["jitter"])
        self.unchecked_backoff.append((job, low, min(high, job.retry["cap_s"])))
        self.clear(job)
        self.move(job, "scheduled", "job_failed")

    def touch(self, worker: PlainWorker) -> None:
        """The worker's record changes in this script."""
        self.touched.add(worker.worker_id)

    def tell_worker(self, worker: PlainWorker, kind: str) -> None:
        """All changes of a worker in one script are one event."""
        worker.rev += 1
        self.told.append((kind, worker.worker_id))
        self.touched.discard(worker.worker_id)

    def settle(self) -> None:
        """A script ends: each worker that it touched is told."""
        for worker_id in sorted(self.touched):
            self.tell_worker(self.workers[worker_id], "worker_status_changed")

    def drop(self, worker: PlainWorker | None, job_id: str, fence: int) -> bool:
        """Free a slot."""
        grant = worker.grants.get(fence) if worker else None
        if worker is None or grant is None or grant.job_id != job_id:
            return False
        del worker.grants[fence]
        self.touch(worker)
        return True

    def live(self, worker_id: str, job_id: str, fence: int) -> PlainJob | None:
        """The job of a grant that still counts."""
        worker, job = self.workers.get(worker_id), self.jobs.get(job_id)
        if worker is None or job is None or job.status not in ACTIVE or job.fence != fence:
            return None
        grant = worker.grants.get(fence)
        return job if grant is not None and grant.job_id == job_id else None

    def renew(self, worker_id: str, fence: int) -> None:
        """Accept a grant and lengthen its lease."""
        grant = self.workers[worker_id].grants[fence]
        grant.lease_until, grant.accept_by = self.now + LEASE_MS, None

    # --- Clients and operators ----------------------------------------------------------------

    def submitted(self, job: PlainJob) -> None:
        """A new job enters."""
        self.jobs[job.job_id] = job
        self.move(job, "scheduled" if (job.run_at or 0) > self.now else "pending", "job_submitted")

    def cancel(self, job: PlainJob) -> bool:
        """End a run; False: it is over."""
        if job.status in FINAL:
            return False
        if job.fence is not None:
            job.revoked.append(job.fence)
        self.move(job, "cancelled")
        return True

    def retry(self, job: PlainJob) -> bool:
        """Start a new run; False: the old one is not over."""
        if job.status not in FINAL:
            return False
        job.run += 1
        job.attempt = job.ended = job.losses = 0
        job.error = job.finished_at = None
        self.clear(job)
        if job.run_at is not None:
            job.run_at = min(job.run_at, self.now)
        self.move(job, "pending")
        return True

    def update(self, job: PlainJob, priority: int | None, run_at: int | None) -> str:
        """Change what waits; returns 'done', 'same' or what forbids it."""
        if job.status not in ("pending", "scheduled"):
            return "job_not_waiting"
        if priority is not None and job.workflow_id and priority != job.priority:
            return "workflow_priority"
        if priority in (None, job.priority) and run_at in (None, job.run_at):
            return "same"
        old = job.status
        if priority is not None:
            job.priority = priority
        if run_at is not None and run_at != job.run_at:
            job.run_at = run_at
            if not job.workflow_id and job.attempt == 0:
                job.time = run_at
            status = "scheduled" if run_at > self.now else "pending"
            if status != old:
                self.move(job, status)
                return "done"
        job.rev += 1
        self.told.append(("job_updated", job.job_id, old, old))
        return "done"

    def forget(self, job: PlainJob) -> None:
        """A finished job is gone."""
        self.told.append(("job_status_changed", job.job_id, job.status, None))
        self.gone[job.job_id] = self.jobs.pop(job.job_id)
        if job.key and job.created_at + DAY_MS <= self.now:
            del self.keys[job.key]
        if job.workflow_id and not any(
            other.workflow_id == job.workflow_id for other in self.jobs.values()
        ):
            del self.workflows[job.workflow_id]

    # --- Workers ------------------------------------------------------------------------------

    def fits(self, worker: PlainWorker, job: PlainJob) -> bool:
        """Whether the worker may be given the job."""
        return (
            job.job_type in worker.job_types
            and job.gpu <= worker.gpu
            and job.job_type not in self.paused
        )

    def line(self, jobs: Iterable[PlainJob]) -> list[PlainJob]:
        """The pending ones in their order."""
        return sorted((job for job in jobs if job.status == "pending"), key=lambda job: job.place)

    def claimable(self, worker_id: str, limit: int) -> list[PlainJob]:
        """What a claim must give."""
        worker = self.workers.get(worker_id)
        if worker is None or worker.draining or not worker.connected:
            return []
        free = worker.slots + worker.prefetch - len(worker.grants)
        fitting = [job for job in self.jobs.values() if self.fits(worker, job)]
        return self.line(fitting)[: max(0, min(limit, free))]

    def assign(self, worker_id: str, job: PlainJob, fence: int) -> None:
        """Grant a job."""
        worker = self.workers[worker_id]
        job.worker_id, job.fence, job.assigned_at = worker_id, fence, self.now
        job.attempt = job.ended + 1
        self.move(job, "assigned", "job_assigned")
        worker.grants[fence] = Grant(job.job_id, fence, self.now + LEASE_MS, self.now + ACCEPT_MS)
        self.touch(worker)

    def start(self, worker_id: str, job_id: str, fence: int) -> str:
        """The handler begins."""
        job = self.live(worker_id, job_id, fence)
        if job is None:
            return "stale"
        self.renew(worker_id, fence)
        if job.status == "assigned":
            job.started_at = self.now
            self.workers[worker_id].grants[fence].started = True
            self.move(job, "in_progress")
        return "ack"

    def progress(self, worker_id: str, job_id: str, fence: int) -> str:
        """The handler tells how far it is."""
        job = self.live(worker_id, job_id, fence)
        if job is None:
            return "stale"
        self.renew(worker_id, fence)
        job.rev += 1
        self.told.append(("job_progress", job_id, None, None))
        return "ack"

    def finish(
        self, worker_id: str, job_id: str, fence: int, error: str | None, retry: bool
    ) -> str:
        """A result or an error arrives."""
        job, worker = self.live(worker_id, job_id, fence), self.workers.get(worker_id)
        if job is None or worker is None:
            return self._refuse(worker, job_id, fence)
        job.settled.append(fence)
        job.started_at = job.started_at or job.assigned_at
        if error is None:
            job.error, job.losses = None, 0
            worker.completed += 1
            self.move(job, "completed", "job_completed")
        else:
            worker.failed += 1
            self.fail_attempt(job, error, retry)
        self.drop(worker, job_id, fence)
        return "ack"

    def _refuse(self, worker: PlainWorker | None, job_id: str, fence: int) -> str:
        job = self.jobs.get(job_id)
        if job is not None and fence in job.settled[-16:]:
            return "ack"
        self.drop(worker, job_id, fence)
        if job is not None and fence not in job.revoked[-16:]:
            self.told.append(("result_rejected", job_id, None, None))
        return "stale"

    def release(self, worker_id: str, job_id: str, fence: int) -> str:
        """The worker lets go."""
        job = self.live(worker_id, job_id, fence)
        if not self.drop(self.workers.get(worker_id), job_id, fence):
            return "stale"
        if job is not None:
            self.requeue(job)
        return "ack"

    def register(
        self, fresh: PlainWorker, held: list[tuple[str, int]]
    ) -> tuple[list[str], list[int]]:
        """A worker connects; returns the verdicts, and the fences that are sent again."""
        known = self.workers.get(fresh.worker_id)
        if known is not None:
            for name in ("rev", "completed", "failed", "grants", "draining"):
                setattr(fresh, name, getattr(known, name))
        self.workers[fresh.worker_id] = fresh
        verdicts = []
        for job_id, fence in held:
            live = self.live(fresh.worker_id, job_id, fence)
            if live:
                self.renew(fresh.worker_id, fence)
            verdicts.append("keep" if live else "drop")
        again = []
        named = {fence for _, fence in held}
        for grant in [grant for fence, grant in fresh.grants.items() if fence not in named]:
            live = self.live(fresh.worker_id, grant.job_id, grant.fence)
            if live and grant.accept_by is not None:
                grant.lease_until, grant.accept_by = self.now + LEASE_MS, self.now + ACCEPT_MS
                again.append(grant.fence)
                continue
            self.drop(fresh, grant.job_id, grant.fence)
            if live:
                self.lose(live)
        self.tell_worker(fresh, "worker_connected")
        return verdicts, again

    def heartbeat(
        self, worker_id: str, connection: str, held: list[tuple[str, int]]
    ) -> list[str] | None:
        """Renew leases; None: another connection has the name."""
        worker = self.workers.get(worker_id)
        if worker is None or worker.connection != connection:
            return None
        if not worker.connected:
            worker.connected = True
            self.tell_worker(worker, "worker_connected")
        worker.heard_at = self.now
        verdicts = []
        for job_id, fence in held:
            grant = worker.grants.get(fence)
            if grant is None or grant.job_id != job_id:
                verdicts.append("drop")
                continue
            self.renew(worker_id, fence)
            verdicts.append("keep" if self.live(worker_id, job_id, fence) else "cancel")
        return verdicts

    def leave(self, worker_id: str, connection: str, *, goodbye: bool) -> None:
        """A connection ends."""
        worker = self.workers.get(worker_id)
        if worker is None or worker.connection != connection or not worker.connected:
            return
        if goodbye:
            worker.draining = False
            for grant in list(worker.grants.values()):
                job = self.live(worker_id, grant.job_id, grant.fence)
                self.drop(worker, grant.job_id, grant.fence)
                if job is not None:
                    self.requeue(job)
        self._go_offline(worker)

    def _go_offline(self, worker: PlainWorker) -> None:
        worker.connected, worker.went_at = False, self.now
        self.tell_worker(worker, "worker_disconnected")

    def drain(self, worker_id: str, draining: bool) -> str:
        """Switch; returns 'done', 'same' or what forbids it."""
        worker = self.workers.get(worker_id)
        if worker is None or not worker.connected:
            return "unknown" if worker is None else "offline"
        if worker.draining == draining:
            return "same"
        worker.draining = draining
        self.touch(worker)
        return "done"

    # --- Time ---------------------------------------------------------------------------------

    def reap_leases(self) -> None:
        """Take back what was not accepted or not renewed in time."""
        for worker in self.workers.values():
            for grant in list(worker.grants.values()):
                unseen = grant.accept_by is not None
                late = grant.lease_until <= self.now or (unseen and grant.accept_by <= self.now)
                if not late:
                    continue
                job = self.live(worker.worker_id, grant.job_id, grant.fence)
                self.drop(worker, grant.job_id, grant.fence)
                if job is not None:
                    self.requeue(job) if unseen else self.lose(job)

    def reap_timeouts(self) -> None:
        """End attempts that take too long; the slot stays taken."""
        for job in self.jobs.values():
            if job.status != "in_progress" or job.started_at is None or job.fence is None:
                continue
            if job.started_at + job.timeout_s * 1000 <= self.now:
                worker = self.workers[job.worker_id or ""]
                worker.failed += 1
                self.touch(worker)
                job.revoked.append(job.fence)
                self.fail_attempt(job, "Timeout", True)

    def reap_workers(self) -> None:
        """Who is silent is offline."""
        for worker in self.workers.values():
            if worker.connected and worker.heard_at <= self.now - LEASE_MS:
                self._go_offline(worker)

    def promote(self) -> None:
        """Whose time has come is pending."""
        for job in self.jobs.values():
            if job.status == "scheduled" and (job.run_at or 0) <= self.now:
                self.move(job, "pending")

    def expire_jobs(self, keep: int, keep_ms: int) -> None:
        """Forget old finished jobs, and the oldest beyond `keep`."""
        finished = sorted(
            (job for job in self.jobs.values() if job.status in FINAL),
            key=lambda job: (job.finished_at, job.job_id),
        )
        for index, job in enumerate(finished, 1):
            if index <= len(finished) - keep or (job.finished_at or 0) <= self.now - keep_ms:
                self.forget(job)

    def expire_workers(self, keep: int, keep_ms: int) -> None:
        """Forget offline workers without a grant, as jobs."""
        away = sorted(
            (worker for worker in self.workers.values() if not worker.connected),
            key=lambda worker: (worker.went_at, worker.worker_id),
        )
        for index, worker in enumerate(away, 1):
            if index > len(away) - keep and worker.went_at > self.now - keep_ms:
                break
            if not worker.grants:
                self.tell_worker(worker, "worker_status_changed")
                del self.workers[worker.worker_id]

    def clear_types(self) -> None:
        """Forget job types with nothing pending."""
        waiting = {job.job_type for job in self.jobs.values() if job.status == "pending"}
        self.types &= waiting | self.paused
