"""`AsyncHubClient` against a real hub and a real worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hub.client import AsyncHubClient, BatchRefused, JobCancelled, ResultTimeout
from hub.worker import Job, Worker
from tests.support.processes import Server


def run(hub: Server, steps: Callable[[AsyncHubClient], Awaitable[None]]) -> None:
    async def main() -> None:
        async with AsyncHubClient(hub.url) as client:
            await steps(client)

    asyncio.run(main())


def test_results_come_together_when_jobs_are_awaited_at_once(hub: Server) -> None:
    worker = Worker(hub.url, slots=4)

    @worker.job("double")
    def double(job: Job) -> int:
        return 2 * int(job.payload["n"])

    async def steps(client: AsyncHubClient) -> None:
        jobs = await client.submit_batch(
            {"job_type": "double", "payload": {"n": n}} for n in range(20)
        )
        results = await asyncio.gather(*(job.result(timeout_s=30) for job in jobs))
        assert results == [2 * n for n in range(20)]
        assert (await jobs[3].refresh()).payload == {"n": 3}

    worker.start(wait_s=30)
    try:
        run(hub, steps)
    finally:
        worker.stop(timeout_s=10)


def test_job_can_be_cancelled_and_retried_when_nobody_does_it(hub: Server) -> None:
    async def steps(client: AsyncHubClient) -> None:
        job = await client.submit("demo", priority=7)
        with pytest.raises(ResultTimeout):
            await job.result(timeout_s=0.1)
        assert (await job.cancel()).status == "cancelled"
        with pytest.raises(JobCancelled):
            await job.result(timeout_s=10)
        assert (await job.retry()).run == 2
        assert [item.job_id async for item in client.jobs(status="pending")] == [job.job_id]
        with pytest.raises(BatchRefused):
            await client.submit_batch([{"job_type": "demo", "run_at": 1, "delay_s": 1}])

    run(hub, steps)
