"""What operators do to jobs: cancel, retry, change, purge; and to queues: pause, resume.

Every method names its actor; the script that changes a job also keeps and tells who did it
(`operator_action`, read by `hub.audit`). The `*_many` methods are for bulk: a job that is refused
holds its error, the others are done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from hub import limits
from hub.errors import Conflict, JobhubError, NotFound
from hub.records import Job
from hub.redis_service import RedisService

_CHUNK: Final = 200  # jobs a script: about 10 ms, so that nobody waits for it

Refuse = Callable[[Job], JobhubError]


class JobControl:
    """The part of `JobBroker` that operators use."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def cancel(self, job_id: str, *, actor: str) -> Job:
        """End the job's run now; a worker that has it is told.

        Raises: NotFound; Conflict (`job_final`): the run is over.
        """
        return _only(self.cancel_many([job_id], actor=actor))

    def cancel_many(self, job_ids: Sequence[str], *, actor: str) -> list[Job | JobhubError]:
        """Cancel each job. Redis: cancel_jobs.lua for each 200, atomic, O(log n) a job."""
        return self._each("cancel_jobs", job_ids, {b"final": _is_final}, actor=actor)

    def retry(self, job_id: str, *, actor: str) -> Job:
        """Start a new run of a job whose run is over. A second call may start a third run.

        Raises: NotFound; Conflict (`job_live`): the run is not over.
        """
        return _only(self.retry_many([job_id], actor=actor))

    def retry_many(self, job_ids: Sequence[str], *, actor: str) -> list[Job | JobhubError]:
        """Retry each job. Redis: retry_jobs.lua for each 200, atomic, O(log n) a job."""
        return self._each("retry_jobs", job_ids, {b"live": _is_live}, actor=actor)

    def update(
        self,
        job_id: str,
        *,
        actor: str,
        priority: int | None = None,
        run_at: int | Literal["now"] | None = None,
    ) -> Job:
        """Change the priority or the time of a job that waits; None leaves it as it is.

        Told as job_updated, or as job_status_changed where it begins or ceases to be scheduled.
        A job that backs off keeps its place in line whatever its time.

        Args:   priority: 0..100. run_at: Unix ms, or "now".
        Raises: NotFound; Conflict: the job does not wait (`job_not_waiting`), or its workflow
                fixes the priority (`workflow_priority`).
        """
        return _only(self.update_many([job_id], actor=actor, priority=priority, run_at=run_at))

    def update_many(
        self,
        job_ids: Sequence[str],
        *,
        actor: str,
        priority: int | None = None,
        run_at: int | Literal["now"] | None = None,
    ) -> list[Job | JobhubError]:
        """Change each job as `update` does. Redis: update_jobs.lua for each 200, atomic."""
        refusals = {b"not_waiting": _is_not_waiting, b"workflow_priority": _is_of_workflow}
        return self._each(
            "update_jobs",
            job_ids,
            refusals,
            actor=actor,
            priority="" if priority is None else priority,
            run_at="" if run_at is None else run_at,
        )

    def purge_many(self, job_ids: Sequence[str], *, actor: str) -> list[Job | JobhubError]:
        """Forget each finished job. Redis: purge_jobs.lua for each 200, atomic; works on a full Redis."""
        return self._each(
            "purge_jobs",
            job_ids,
            {b"live": _is_live},
            actor=actor,
            key_ms=limits.IDEMPOTENCY_MS,
        )

    def pause(self, job_type: str, *, actor: str) -> msgspec.Raw:
        """Stop giving out jobs of `job_type`; returns its queue. Raises: NotFound."""
        return self._set_paused(job_type, "1", actor)

    def resume(self, job_type: str, *, actor: str) -> msgspec.Raw:
        """Give out jobs of `job_type` again; returns its queue. Raises: NotFound."""
        return self._set_paused(job_type, "0", actor)

    def _set_paused(self, job_type: str, paused: str, actor: str) -> msgspec.Raw:
        queue = self._service.run("pause_queue", job_type=job_type, paused=paused, actor=actor)
        if queue is None:
            raise NotFound(f"no job of type {job_type} was ever seen", field="job_type")
        return msgspec.Raw(queue)

    def _each(
        self, script: str, job_ids: Sequence[str], refusals: Mapping[bytes, Refuse], **args: Any
    ) -> list[Job | JobhubError]:
        results: list[Job | JobhubError] = []
        for start in range(0, len(job_ids), _CHUNK):
            chunk = job_ids[start : start + _CHUNK]
            replies = self._service.run(script, job_ids=msgspec.json.encode(chunk), **args)
            for job_id, (word, *detail) in zip(chunk, replies, strict=True):
                if word == b"unknown":
                    results.append(NotFound(f"no job {job_id}", field="job_id"))
                    continue
                job = decode_record(detail[0])
                results.append(refusals[word](job) if word in refusals else job)
        return results


def decode_record(raw: bytes) -> Job:
    """Read a stored small record."""
    return msgspec.json.decode(raw, type=Job)


def _only(results: list[Job | JobhubError]) -> Job:
    result = results.pop()
    if isinstance(result, JobhubError):
        try:
            raise result
        finally:
            del result  # an error whose trace leads back to it waits for the cycle collector
    return result


def _is_final(job: Job) -> JobhubError:
    return Conflict(f"the job is {job.status} already", code="job_final")


def _is_live(job: Job) -> JobhubError:
    return Conflict(f"the job is {job.status}; this needs a finished one", code="job_live")


def _is_not_waiting(job: Job) -> JobhubError:
    return Conflict(
        f"the job is {job.status}; only a pending or scheduled one is changed",
        code="job_not_waiting",
    )


def _is_of_workflow(job: Job) -> JobhubError:
    return Conflict(
        f"workflow {job.workflow_id} fixes the priority of its jobs",
        field="priority",
        code="workflow_priority",
    )
