"""The core of the hub as plain Python: what every script is supposed to do, without any index.

A method returns what the script answers and notes in `told` which events must have been written. Only
the drawn delay of a backoff is taken over from the hub, after a check of its range.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.model.plain_moves import ACCEPT_MS, FINAL, LEASE_MS, PlainMoves
from tests.model.plain_records import Grant, PlainJob, PlainWorker


class Plain(PlainMoves):
    """The same with workers, who claim and report, and time, which passes."""

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

    def finished(self) -> list[PlainJob]:
        """The jobs whose run is over, oldest first."""
        over = (job for job in self.jobs.values() if job.status in FINAL)
        return sorted(over, key=lambda job: (job.finished_at, job.job_id))

    def expire_jobs(self, keep: int, keep_ms: int, limit: int) -> int:
        """Forget old finished jobs, and the oldest beyond `keep`, `limit` of them at most."""
        finished = self.finished()
        old = [job for job in finished if (job.finished_at or 0) <= self.now - keep_ms]
        going = finished[: max(len(finished) - keep, len(old))][:limit]
        for job in going:
            self.forget(job)
        return len(going)

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
