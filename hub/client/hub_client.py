"""`HubClient`: submit jobs and wait for their results, from ordinary code.

with HubClient("http://127.0.0.1:8000") as hub:
    print(hub.submit("resize", {"sizes": [64, 128]}).result(timeout_s=30))
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from hub.client import calls
from hub.client.calls import Call
from hub.client.client_socket import Unanswered
from hub.client.job import Job
from hub.client.options import JobFilters, JobSpec, SubmitOptions
from hub.client.outcomes import BatchRefused
from hub.client.repeating import TRIES, Wait, as_hub_error, may_repeat, pause_before, value_of
from hub.client.transport import Transport
from hub.endpoint import Endpoint
from hub.errors import JobhubError, Unavailable
from hub.records import Worker

T = TypeVar("T")


class HubClient:
    """A connection to a hub; safe to share between threads and over a fork; one a program is enough.

    Args: url: JOBHUB_HUB_URL or the hub on this machine by default. token: JOBHUB_TOKEN by default.
          timeout_s: how long to wait for an answer.
    Every method raises a `hub.errors.JobhubError`: the hub's refusal with its code and field, or
    HubUnreachable after some tries. What could be done twice by that is never sent twice.
    """

    def __init__(
        self, url: str | None = None, *, token: str | None = None, timeout_s: float = 30.0
    ) -> None:
        self._transport = Transport(Endpoint.find(url, token), timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # --- Jobs ---------------------------------------------------------------------------------

    def submit(
        self, job_type: str, payload: Any = None, **options: Unpack[SubmitOptions]
    ) -> JobHandle:
        """Submit a job.

        With an `idempotency_key` the same call twice is one job, and a lost answer is asked for again.
        """
        return JobHandle(self, self.perform(calls.submit(job_type, payload, options)))

    def submit_batch(self, jobs: Iterable[JobSpec]) -> list[JobHandle]:
        """Submit many jobs in few requests; any number, taken as they come.

        Raises: BatchRefused: some were refused; its `results` say which. The others are submitted.
        """
        results: list[Job | JobhubError] = []
        for call in calls.submit_batches(jobs):
            answered = self.perform(call)
            results += answered
        made = [item for item in results if isinstance(item, Job)]
        if len(made) < len(results):
            raise BatchRefused(results)
        return [JobHandle(self, job) for job in made]

    def handle(self, job_id: str) -> JobHandle:
        """Take up a job that was submitted elsewhere."""
        return JobHandle(self, self.get(job_id))

    def get(self, job_id: str) -> Job:
        """Read a job with its payload, result and traceback."""
        return self.perform(calls.get(job_id))

    def result(self, job_id: str, *, timeout_s: float | None = None) -> Any:
        """Wait until the job's run is over; for ever by default. A restart of the hub is waited out.

        Returns: what the handler returned.
        Raises:  JobFailed, JobCancelled; ResultTimeout: it goes on, and may be waited for again.
        """
        waiting = Wait(job_id, timeout_s)
        while True:
            try:
                outcome = self.perform(calls.wait(job_id, waiting.left_s))
            except Unavailable as error:
                waiting.endure(error)
            else:
                if waiting.hear(outcome):
                    return value_of(outcome)

    def cancel(self, job_id: str) -> Job:
        """End the job's run now. Raises: Conflict: it is over already."""
        return self.perform(calls.cancel(job_id))

    def retry(self, job_id: str) -> Job:
        """Start a new run of a job whose run is over. Raises: Conflict: it is not."""
        return self.perform(calls.retry(job_id))

    def jobs(
        self, *, limit: int | None = None, page_size: int = 100, **filters: Unpack[JobFilters]
    ) -> Iterator[Job]:
        """Walk the jobs that fit, page by page; small records, without payload and result.

        Args: limit: end after so many.
        """
        left = float("inf") if limit is None else limit
        cursor: str | None = None
        while left > 0:
            size = int(min(page_size, left))
            page = self.perform(calls.list_page({**filters, "limit": size, "cursor": cursor}))
            yield from page.jobs
            left -= len(page.jobs)
            cursor = page.cursor
            if cursor is None:
                return

    def history(self, job_id: str) -> list[dict[str, Any]]:
        """Read the job's transitions, all runs, oldest first."""
        return self.perform(calls.history(job_id))

    def log(self, job_id: str) -> list[str]:
        """Read the job's log lines, oldest first."""
        return self.perform(calls.log(job_id))

    # --- Workers and queues -------------------------------------------------------------------

    def workers(self) -> list[Worker]:
        """List the workers that are connected or remembered."""
        return self.perform(calls.workers())

    def drain_worker(self, worker_id: str) -> Worker:
        """Let a worker finish what it has and take nothing new."""
        return self.perform(calls.drain_worker(worker_id, True))

    def resume_worker(self, worker_id: str) -> Worker:
        """Let a draining worker take jobs again."""
        return self.perform(calls.drain_worker(worker_id, False))

    def queues(self) -> list[dict[str, Any]]:
        """List the job types with what waits for each."""
        return self.perform(calls.queues())

    def pause_queue(self, job_type: str) -> dict[str, Any]:
        """Stop handing out jobs of a type."""
        return self.perform(calls.pause_queue(job_type, True))

    def resume_queue(self, job_type: str) -> dict[str, Any]:
        """Hand out jobs of a type again."""
        return self.perform(calls.pause_queue(job_type, False))

    def stats(self) -> dict[str, Any]:
        """Read the counts of jobs and workers by state, exact at the `seq` that comes with them."""
        return self.perform(calls.stats())

    def perform(self, call: Call[T]) -> T:
        """Send a request, again where that is harmless, and read its answer."""
        for attempt in range(TRIES):
            try:
                return self._transport.perform(call)
            except (httpx.TransportError, JobhubError, Unanswered) as error:
                if attempt + 1 == TRIES or not may_repeat(call, error):
                    raise as_hub_error(error, self._transport.endpoint.url) from error
            time.sleep(pause_before(attempt))
        raise AssertionError("unreachable")


class JobHandle:
    """A submitted job. `job` is its record as it was last read."""

    def __init__(self, client: HubClient, job: Job) -> None:
        self._client = client
        self.job = job

    def __repr__(self) -> str:
        return f"<JobHandle {self.job_id} {self.job.status}>"

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.job.job_id

    def refresh(self) -> Job:
        """Read the job again, with payload, result and traceback."""
        self.job = self._client.get(self.job_id)
        return self.job

    def result(self, timeout_s: float | None = None) -> Any:
        """Wait for the result: see `HubClient.result`."""
        return self._client.result(self.job_id, timeout_s=timeout_s)

    def cancel(self) -> Job:
        """End the run now: see `HubClient.cancel`."""
        self.job = self._client.cancel(self.job_id)
        return self.job

    def retry(self) -> Job:
        """Start a new run: see `HubClient.retry`."""
        self.job = self._client.retry(self.job_id)
        return self.job
