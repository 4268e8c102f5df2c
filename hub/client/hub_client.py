"""`HubClient`: submit jobs and wait for their results, from ordinary code.

with HubClient("http://127.0.0.1:8000") as hub:
    print(hub.submit("resize", {"sizes": [64, 128]}).result(timeout_s=30))
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

import httpx

from hub.answers import MatchReport, QueuePlace, Transition
from hub.client import calls
from hub.client.calls import Call
from hub.client.client_socket import Unanswered
from hub.client.following import follow
from hub.client.job import Job
from hub.client.operations import Operations
from hub.client.options import JobSpec, ListOptions, SubmitOptions
from hub.client.outcomes import BatchRefused
from hub.client.repeating import TRIES, Wait, as_hub_error, may_repeat, pause_before, value_of
from hub.client.transport import Transport
from hub.endpoint import Endpoint
from hub.errors import JobhubError, Unavailable

T = TypeVar("T")


class HubClient(Operations):
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

    def follow(self, job_id: str) -> Iterator[Job]:
        """Give the job's record now and after every change, progress included, until its run is over.

        The last one has the result and the error. What happens while the connection is made again is not
        told one by one; the next record shows it. A restart of the hub of up to 30 s is waited out.
        """
        return follow(self._transport.endpoint, job_id, lambda: self.get(job_id))

    def cancel(self, job_id: str) -> Job:
        """End the job's run now. Raises: Conflict: it is over already."""
        return self.perform(calls.cancel(job_id))

    def retry(self, job_id: str) -> Job:
        """Start a new run of a job whose run is over. Raises: Conflict: it is not."""
        return self.perform(calls.retry(job_id))

    def change(
        self,
        job_id: str,
        *,
        priority: int | None = None,
        run_at: int | Literal["now"] | None = None,
    ) -> Job:
        """Change the priority or time of a job that waits; what is not given stays.

        Args:   run_at: Unix milliseconds, or "now".
        Raises: Conflict: it was given out already, or its workflow fixes the priority.
        """
        return self.perform(calls.change(job_id, priority=priority, run_at=run_at))

    def jobs(
        self, *, limit: int | None = None, page_size: int = 100, **filters: Unpack[ListOptions]
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

    def history(self, job_id: str) -> list[Transition]:
        """Read the job's moves, all runs, oldest first; the newest 200 are kept."""
        return self.perform(calls.history(job_id))

    def log(self, job_id: str) -> list[str]:
        """Read the job's log lines, oldest first; the newest 1,000 are kept."""
        return self.perform(calls.log(job_id))

    def position(self, job_id: str) -> QueuePlace:
        """Find the job's place in line (1 is next), and about when it starts."""
        return self.perform(calls.position(job_id))

    def match(self, job_id: str) -> MatchReport:
        """Say for every worker whether it fits the job, and why not."""
        return self.perform(calls.match(job_id))

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

    def follow(self) -> Iterator[Job]:
        """Give the record after every change, and keep the latest: see `HubClient.follow`."""
        for job in self._client.follow(self.job_id):
            self.job = job
            yield job

    def position(self) -> QueuePlace:
        """Find the place in line, and about when it starts."""
        return self._client.position(self.job_id)

    def change(
        self, *, priority: int | None = None, run_at: int | Literal["now"] | None = None
    ) -> Job:
        """Change priority or time while it waits: see `HubClient.change`."""
        self.job = self._client.change(self.job_id, priority=priority, run_at=run_at)
        return self.job

    def cancel(self) -> Job:
        """End the run now: see `HubClient.cancel`."""
        self.job = self._client.cancel(self.job_id)
        return self.job

    def retry(self) -> Job:
        """Start a new run: see `HubClient.retry`."""
        self.job = self._client.retry(self.job_id)
        return self.job
