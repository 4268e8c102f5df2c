"""The only module that changes jobs: each method is one Lua script, and the script tells the change.

The broker never knows who listens. Requests arrive validated by `hub.messages`; what depends on
Redis (the state of the job, the fence, the lanes) is decided inside the script, atomically.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from hub import limits, reports
from hub.config import Settings
from hub.errors import JobhubError
from hub.job_control import JobControl, decode_record
from hub.job_reader import read_job
from hub.lane_fitter import LaneFitter
from hub.messages import JobLog, JobProgress, ReportedError, SubmitRequest
from hub.records import Job
from hub.redis_service import RedisService
from hub.reports import Report
from hub.submission import NewJob, new_job, submit_refusal

Verdict = Literal["ack", "stale"]

_SUBMITS_A_SCRIPT: Final = 100  # about 15 ms in which Redis does nothing else
_REFRESHES_MAX: Final = 3  # a storm of new lanes must not keep a worker without jobs


class Submission(msgspec.Struct, frozen=True):
    """A job, and whether this call made it (False: an idempotent repeat)."""

    job: Job
    created: bool


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """A job given to a worker under a fence. `job` is the small record as JSON."""

    job_id: str
    fence: int
    attempt: int
    timeout_s: float
    job: msgspec.Raw
    payload: msgspec.Raw


class Settlement(msgspec.Struct, frozen=True):
    """What became of each report, and the jobs that fill the slots that were freed."""

    verdicts: list[Verdict]
    assignments: list[Assignment]


class JobBroker(JobControl):
    """Takes jobs from clients and gives them to workers; `JobControl` is what operators do to them.

    Every method raises redis.ConnectionError or TimeoutError when Redis gave no answer; the
    move may have happened, and nothing is half done.
    """

    def __init__(self, service: RedisService, settings: Settings) -> None:
        super().__init__(service)
        self._fitter = LaneFitter(service)
        self._grant_args = {
            "lease_ms": int(settings.lease_s * 1000),
            "accept_ms": int(settings.accept_s * 1000),
        }

    # --- Clients ------------------------------------------------------------------------------

    def submit(self, request: SubmitRequest, *, submitted_by: str) -> Submission:
        """Store a job, or find the one that its idempotency key names.

        Raises: InvalidInput, TooLarge, IdempotencyConflict, LimitReached (lanes).
        Redis:  submit_jobs.lua, one round trip, atomic, O(log pending).
        """
        reply = self._run_submit([new_job(request, submitted_by)])
        return _made(reply[0], request)

    def submit_and_claim(
        self, request: SubmitRequest, *, submitted_by: str, worker_id: str, connection_id: str
    ) -> tuple[Submission, list[Assignment]]:
        """Store a job as `submit` does, and give a worker the most urgent one that it fits as `claim` does.

        Nothing is given for a job that was there already, nor where the worker's lanes have to be matched
        anew: a claim does that.

        Raises: as `submit`.
        Redis:  submit_and_claim.lua, one round trip, atomic, O(log pending).
        """
        told, given = self._service.run(
            "submit_and_claim",
            jobs=msgspec.json.encode([new_job(request, submitted_by)]),
            lanes_max=limits.LANES,
            worker_id=worker_id,
            connection_id=connection_id,
            **self._grant_args,
        )
        assignments = [] if given == b"refresh" else [read_assignment(item) for item in given]
        return _made(told, request), assignments

    def submit_batch(
        self, requests: Sequence[SubmitRequest], *, submitted_by: str
    ) -> list[Submission | JobhubError]:
        """Submit each job by itself; an item that is refused holds its error.

        Redis: submit_jobs.lua, one round trip for each 100 jobs, O(jobs log pending).
        """
        results: list[Submission | JobhubError] = []
        for start in range(0, len(requests), _SUBMITS_A_SCRIPT):
            results += self._submit_some(requests[start : start + _SUBMITS_A_SCRIPT], submitted_by)
        return results

    def _submit_some(
        self, requests: Sequence[SubmitRequest], submitted_by: str
    ) -> list[Submission | JobhubError]:
        asked: list[NewJob | JobhubError] = []
        for request in requests:
            try:
                asked.append(new_job(request, submitted_by))
            except JobhubError as error:
                asked.append(error)
        good = [item for item in asked if isinstance(item, NewJob)]
        replies = iter(self._run_submit(good))
        return [
            _submission(next(replies), request) if isinstance(item, NewJob) else item
            for item, request in zip(asked, requests, strict=True)
        ]

    def _run_submit(self, jobs: list[NewJob]) -> list[list[bytes]]:
        if not jobs:
            return []
        reply: list[list[bytes]] = self._service.run(
            "submit_jobs", jobs=msgspec.json.encode(jobs), lanes_max=limits.LANES
        )
        return reply

    def get(self, job_id: str) -> Job:
        """Read one job with its payload, result and traceback.

        Raises: NotFound.
        """
        return read_job(self._service, job_id)

    # --- Workers ------------------------------------------------------------------------------

    def claim(self, worker_id: str, limit: int, *, connection_id: str = "") -> list[Assignment]:
        """Give the most urgent pending jobs that the worker fits, at most `limit`.

        The worker owns each until its lease runs out; it must renew before then, or the reaper
        hands the job to someone else and its fence is dead. Never blocks. The order is exact unless
        lanes are made faster than they can be matched; then it is exact among those known.

        Args:  connection_id: the worker's connection; one that was superseded gets nothing.
        Redis: claim_jobs.lua, one round trip (more after a lane was made), O(jobs log pending).
        """
        for attempt in range(_REFRESHES_MAX + 1):
            reply = self._service.run(
                "claim_jobs",
                worker_id=worker_id,
                connection_id=connection_id,
                limit=limit,
                hurried="1" if attempt == _REFRESHES_MAX else "",
                **self._grant_args,
            )
            if reply != b"refresh":
                break
            self._fitter.refresh()
        return [read_assignment(item) for item in reply]

    def settle(
        self,
        worker_id: str,
        told: Sequence[Report],
        *,
        claim: int = 0,
        connection_id: str = "",
    ) -> Settlement:
        """Record what a worker says of its grants, in order, and give it up to `claim` next jobs.

        A result is recorded once, and frees its slot; a failed attempt is retried later or ends the run.

        Redis: settle_jobs.lua, one round trip, atomic, O((reports + claim) log n).
        """
        verdicts, given = self._service.run(
            "settle_jobs",
            worker_id=worker_id,
            reports=reports.write_reports(told),
            claim=claim,
            connection_id=connection_id,
            **self._grant_args,
        )
        if given == b"refresh":
            assignments = self.claim(worker_id, claim, connection_id=connection_id)
        else:
            assignments = [read_assignment(item) for item in given]
        return Settlement(["ack" if word == b"ack" else "stale" for word in verdicts], assignments)

    def start(self, worker_id: str, job_id: str, fence: int) -> Verdict:
        """Note that the handler began."""
        return self.settle(worker_id, [reports.started(job_id, fence)]).verdicts[0]

    def complete(self, worker_id: str, job_id: str, fence: int, result: bytes) -> Verdict:
        """Record a result. Raises: TooLarge."""
        return self.settle(worker_id, [reports.completed(job_id, fence, result)]).verdicts[0]

    def fail(self, worker_id: str, job_id: str, fence: int, error: ReportedError) -> Verdict:
        """Record an attempt's error."""
        return self.settle(worker_id, [reports.failed(job_id, fence, error)]).verdicts[0]

    def release(self, worker_id: str, job_id: str, fence: int) -> Verdict:
        """Free the slot of a grant; a live job goes back uncounted."""
        return self.settle(worker_id, [reports.released(job_id, fence)]).verdicts[0]

    def progress(self, worker_id: str, message: JobProgress) -> Verdict:
        """Note how far the handler is. Redis: progress_job.lua, atomic."""
        members = msgspec.json.encode(
            {
                name: value
                for name in ("percent", "message", "current_step", "of_steps", "eta_ms")
                if (value := getattr(message, name)) is not None
            }
        )
        return self._about(
            "progress_job",
            worker_id,
            message.job_id,
            message.fence,
            members=members[1:-1],
        )

    def append_log(self, worker_id: str, message: JobLog) -> Verdict:
        """Keep lines of the job's log. Redis: append_log.lua, atomic."""
        return self._about(
            "append_log",
            worker_id,
            message.job_id,
            message.fence,
            lines=msgspec.json.encode(message.lines),
            kept=limits.LOG_LINES_KEPT,
        )

    def _about(self, script: str, worker_id: str, job_id: str, fence: int, **args: Any) -> Verdict:
        reply = self._service.run(
            script,
            worker_id=worker_id,
            job_id=job_id,
            fence=fence,
            lease_ms=self._grant_args["lease_ms"],
            **args,
        )
        return "ack" if reply == b"ack" else "stale"


def _made(reply: list[bytes], request: SubmitRequest) -> Submission:
    result = _submission(reply, request)
    if isinstance(result, JobhubError):
        raise result
    return result


def _submission(reply: list[bytes], request: SubmitRequest) -> Submission | JobhubError:
    word, *detail = reply
    if word in (b"created", b"exists"):
        return Submission(decode_record(detail[0]), created=word == b"created")
    return submit_refusal(word, detail, request)


def read_assignment(reply: list[bytes]) -> Assignment:
    """Read one item of what claim_jobs returns."""
    job_id, fence, attempt, timeout_s, record, payload = reply
    return Assignment(
        job_id.decode(),
        int(fence),
        int(attempt),
        float(timeout_s),
        msgspec.Raw(record),
        msgspec.Raw(payload),
    )
