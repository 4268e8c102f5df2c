"""What a move of a job means, and what clients and operators may do, as plain Python."""

from __future__ import annotations

from typing import Any

from tests.model.plain_records import PlainJob, PlainWorker

FINAL = {"completed", "failed", "cancelled"}
ACTIVE = {"assigned", "in_progress"}
LEASE_MS, ACCEPT_MS = 30_000, 5_000
DAY_MS = 86_400_000


class PlainMoves:
    """Jobs, workers and queues; what each state implies, and what clients and operators ask for."""

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
