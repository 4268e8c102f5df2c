"""`AsyncHubClient`: `HubClient` for asyncio programs.

async with AsyncHubClient("http://127.0.0.1:8000") as hub:
    job = await hub.submit("resize", {"sizes": [64, 128]})
    print(await job.result(timeout_s=30))
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

import httpx

from hub.answers import MatchReport, QueuePlace, Transition
from hub.client import calls
from hub.client.async_transport import AsyncTransport
from hub.client.calls import Call
from hub.client.client_socket import Unanswered
from hub.client.following import follow_async
from hub.client.job import Job
from hub.client.operations import AsyncOperations
from hub.client.options import JobSpec, ListOptions, SubmitOptions
from hub.client.outcomes import BatchRefused
from hub.client.repeating import TRIES, Wait, as_hub_error, may_repeat, pause_before, value_of
from hub.endpoint import Endpoint
from hub.errors import JobhubError, Unavailable

T = TypeVar("T")


class AsyncHubClient(AsyncOperations):
    """A connection to a hub, for one event loop; the methods and errors are those of `HubClient`.

    Args: url: JOBHUB_HUB_URL or the hub on this machine by default. token: JOBHUB_TOKEN by default.
          timeout_s: how long to wait for an answer.
    """

    def __init__(
        self, url: str | None = None, *, token: str | None = None, timeout_s: float = 30.0
    ) -> None:
        self._transport = AsyncTransport(Endpoint.find(url, token), timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def submit(
        self, job_type: str, payload: Any = None, **options: Unpack[SubmitOptions]
    ) -> AsyncJobHandle:
        """Submit a job."""
        return AsyncJobHandle(self, await self.perform(calls.submit(job_type, payload, options)))

    async def submit_batch(self, jobs: Iterable[JobSpec]) -> list[AsyncJobHandle]:
        """Submit many jobs in few requests. Raises: BatchRefused: some were refused."""
        results: list[Job | JobhubError] = []
        for call in calls.submit_batches(jobs):
            answered = await self.perform(call)
            results += answered
        made = [item for item in results if isinstance(item, Job)]
        if len(made) < len(results):
            raise BatchRefused(results)
        return [AsyncJobHandle(self, job) for job in made]

    async def handle(self, job_id: str) -> AsyncJobHandle:
        """Take up a job that was submitted elsewhere."""
        return AsyncJobHandle(self, await self.get(job_id))

    async def get(self, job_id: str) -> Job:
        """Read a job with its payload, result and traceback."""
        return await self.perform(calls.get(job_id))

    async def result(self, job_id: str, *, timeout_s: float | None = None) -> Any:
        """Wait until the job's run is over. Raises: JobFailed, JobCancelled, ResultTimeout."""
        waiting = Wait(job_id, timeout_s)
        while True:
            try:
                outcome = await self.perform(calls.wait(job_id, waiting.left_s))
            except Unavailable as error:
                waiting.endure(error)
            else:
                if waiting.hear(outcome):
                    return value_of(outcome)

    def follow(self, job_id: str) -> AsyncIterator[Job]:
        """Give the job's record now and after every change, until its run is over."""
        return follow_async(self._transport.endpoint, job_id, lambda: self.get(job_id))

    async def cancel(self, job_id: str) -> Job:
        """End the job's run now. Raises: Conflict: it is over already."""
        return await self.perform(calls.cancel(job_id))

    async def retry(self, job_id: str) -> Job:
        """Start a new run of a job whose run is over. Raises: Conflict: it is not."""
        return await self.perform(calls.retry(job_id))

    async def change(
        self,
        job_id: str,
        *,
        priority: int | None = None,
        run_at: int | Literal["now"] | None = None,
    ) -> Job:
        """Change the priority or time of a job that waits; what is not given stays."""
        return await self.perform(calls.change(job_id, priority=priority, run_at=run_at))

    async def jobs(
        self, *, limit: int | None = None, page_size: int = 100, **filters: Unpack[ListOptions]
    ) -> AsyncIterator[Job]:
        """Walk the jobs that fit, page by page. Args: limit: end after so many."""
        left = float("inf") if limit is None else limit
        cursor: str | None = None
        while left > 0:
            size = int(min(page_size, left))
            page = await self.perform(calls.list_page({**filters, "limit": size, "cursor": cursor}))
            for job in page.jobs:
                yield job
            left -= len(page.jobs)
            cursor = page.cursor
            if cursor is None:
                return

    async def history(self, job_id: str) -> list[Transition]:
        """Read the job's moves, all runs, oldest first."""
        return await self.perform(calls.history(job_id))

    async def log(self, job_id: str) -> list[str]:
        """Read the job's log lines, oldest first."""
        return await self.perform(calls.log(job_id))

    async def position(self, job_id: str) -> QueuePlace:
        """Find the job's place in line (1 is next), and about when it starts."""
        return await self.perform(calls.position(job_id))

    async def match(self, job_id: str) -> MatchReport:
        """Say for every worker whether it fits the job, and why not."""
        return await self.perform(calls.match(job_id))

    async def perform(self, call: Call[T]) -> T:
        """Send a request, again where that is harmless, and read its answer."""
        for attempt in range(TRIES):
            try:
                return await self._transport.perform(call)
            except (httpx.TransportError, JobhubError, Unanswered) as error:
                if attempt + 1 == TRIES or not may_repeat(call, error):
                    raise as_hub_error(error, self._transport.endpoint.url) from error
            await asyncio.sleep(pause_before(attempt))
        raise AssertionError("unreachable")


class AsyncJobHandle:
    """A submitted job. `job` is its record as it was last read."""

    def __init__(self, client: AsyncHubClient, job: Job) -> None:
        self._client = client
        self.job = job

    def __repr__(self) -> str:
        return f"<AsyncJobHandle {self.job_id} {self.job.status}>"

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.job.job_id

    async def refresh(self) -> Job:
        """Read the job again, with payload, result and traceback."""
        self.job = await self._client.get(self.job_id)
        return self.job

    async def result(self, timeout_s: float | None = None) -> Any:
        """Wait for the result: see `HubClient.result`."""
        return await self._client.result(self.job_id, timeout_s=timeout_s)

    async def follow(self) -> AsyncIterator[Job]:
        """Give the record after every change, and keep the latest: see `HubClient.follow`."""
        async for job in self._client.follow(self.job_id):
            self.job = job
            yield job

    async def position(self) -> QueuePlace:
        """Find the place in line, and about when it starts."""
        return await self._client.position(self.job_id)

    async def change(
        self, *, priority: int | None = None, run_at: int | Literal["now"] | None = None
    ) -> Job:
        """Change priority or time while it waits."""
        self.job = await self._client.change(self.job_id, priority=priority, run_at=run_at)
        return self.job

    async def cancel(self) -> Job:
        """End the run now."""
        self.job = await self._client.cancel(self.job_id)
        return self.job

    async def retry(self) -> Job:
        """Start a new run."""
        self.job = await self._client.retry(self.job_id)
        return self.job
