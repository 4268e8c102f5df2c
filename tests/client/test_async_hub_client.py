"""`AsyncHubClient` against a real hub and a real worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hub.client import AsyncHubClient, BatchRefused, JobCancelled, ResultTimeout
from hub.errors import AccessDenied
from hub.worker import Job, Worker
from tests.support.processes import Server, serving, succeeding
from tests.support.proxy import Proxy


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


def test_results_come_to_every_task_when_several_wait_for_the_same_jobs(hub: Server) -> None:
    worker = Worker(hub.url, slots=4)
    worker.job("double")(lambda job: 2 * job.payload)

    async def steps(client: AsyncHubClient) -> None:
        jobs = await asyncio.gather(*(client.submit("double", n) for n in range(20)))
        waiting = [job.result(timeout_s=30) for job in jobs for _ in range(2)]
        worker.start(wait_s=30)
        assert await asyncio.gather(*waiting) == [2 * n for n in range(20) for _ in range(2)]

    try:
        run(hub, steps)
    finally:
        worker.stop(timeout_s=10)


def test_one_connection_is_made_when_many_tasks_submit_at_once(hub: Server) -> None:
    async def steps() -> None:
        async with AsyncHubClient(proxy.url) as client:
            jobs = await asyncio.gather(*(client.submit("demo", n) for n in range(50)))
            assert len({job.job_id for job in jobs}) == 50

    with Proxy(hub.url) as proxy:
        asyncio.run(steps())
        assert proxy.accepted == 1


def test_jobs_are_submitted_over_http_when_sockets_are_blocked(hub: Server) -> None:
    async def steps() -> None:
        async with AsyncHubClient(proxy.url) as client:
            job = await client.submit("demo")
            await client.submit_batch([{"job_type": "demo"}] * 3)
            with pytest.raises(ResultTimeout):
                await job.result(timeout_s=0.1)
            assert (await client.stats()).counts["pending"] == 4

    with Proxy(hub.url, refuse_sockets=True) as proxy:
        asyncio.run(steps())


def test_waiting_goes_on_when_the_hub_is_restarted(hub: Server) -> None:
    url = hub.url

    async def steps(client: AsyncHubClient) -> None:
        job = await client.submit("demo")
        waiting = asyncio.create_task(job.result(timeout_s=60))
        await asyncio.sleep(0)
        hub.kill()
        with succeeding(hub):
            worker = Worker(url)
            worker.job("demo")(lambda job: "done")
            await asyncio.to_thread(worker.start, wait_s=30)
            try:
                assert await waiting == "done"
            finally:
                await asyncio.to_thread(worker.stop, timeout_s=10)

    run(hub, steps)


def test_refusal_is_the_hubs_when_the_token_is_wrong(hub_env: dict[str, str]) -> None:
    async def steps() -> None:
        async with AsyncHubClient(hub.url, token="wrong") as client:
            with pytest.raises(AccessDenied):
                await client.submit("demo")

    with serving("hub", environ={**hub_env, "JOBHUB_TOKEN": "right"}) as hub:
        asyncio.run(steps())
