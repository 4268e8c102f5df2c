"""`follow`: a job's record as it changes, over the socket, without it, and past a restart of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.client import AsyncHubClient, HubClient, Job
from hub.errors import NotFound
from hub.worker import Worker
from tests.support.processes import Server, succeeding
from tests.support.proxy import Proxy
from tests.support.sockets import open_worker

Follow = Callable[[str, str], Iterator[Job]]


def follow_threaded(url: str, job_id: str) -> Iterator[Job]:
    with HubClient(url) as client:
        yield from client.follow(job_id)


def follow_asyncio(url: str, job_id: str) -> Iterator[Job]:
    """The records of `AsyncHubClient.follow`, taken one by one."""
    with asyncio.Runner() as runner:
        client = AsyncHubClient(url)
        records = client.follow(job_id)
        try:
            while True:
                yield runner.run(anext(records))
        except StopAsyncIteration:
            return
        finally:
            runner.run(client.close())


FOLLOW: list[Follow] = [follow_threaded, follow_asyncio]
both = pytest.mark.parametrize("follow", FOLLOW)


@both
def test_every_change_comes_in_order_and_the_result_last(hub: Server, follow: Follow) -> None:
    with HubClient(hub.url) as client:
        job_id = client.submit("demo", {"n": 1}).job_id
    records = follow(hub.url, job_id)
    assert next(records).status == "pending"
    with open_worker(hub.url) as worker:
        given = worker.receive_type("assign")["jobs"][0]
        grant = {"job_id": given["job_id"], "fence": given["fence"]}
        assert next(records).status == "assigned"
        worker.send("job_started", **grant)
        assert next(records).status == "in_progress"
        worker.send("job_progress", **grant, percent=40, message="half")
        record = next(records)
        assert record.progress is not None
        assert (record.progress.percent, record.progress.message) == (40, "half")
        assert record.payload == {"n": 1}
        worker.send("job_completed", **grant, result=[7])
        record = next(records)
        assert (record.status, record.result) == ("completed", [7])
    assert list(records) == []


def test_one_record_comes_when_the_run_is_over_already(hub: Server) -> None:
    with HubClient(hub.url) as client:
        job = client.submit("demo")
        for record in job.follow():
            if record.status == "pending":
                client.cancel(job.job_id)
        assert job.job.status == "cancelled"
    for follow in FOLLOW:
        assert [record.status for record in follow(hub.url, job.job_id)] == ["cancelled"]
        with pytest.raises(NotFound):
            next(follow(hub.url, "nosuch"))


def test_job_is_followed_by_reading_when_sockets_are_blocked(hub: Server) -> None:
    with Proxy(hub.url, refuse_sockets=True) as proxy, HubClient(hub.url) as client:
        job = client.submit("demo")
        walks = [follow(proxy.url, job.job_id) for follow in FOLLOW]
        assert [next(records).status for records in walks] == ["pending", "pending"]
        job.cancel()
        assert [[record.status for record in records] for records in walks] == [["cancelled"]] * 2


@both
def test_following_goes_on_when_the_hub_is_restarted(hub: Server, follow: Follow) -> None:
    url = hub.url
    with HubClient(url) as client, ThreadPoolExecutor(1) as threads:
        records = follow(url, client.submit("demo").job_id)
        assert next(records).status == "pending"
        rest = threads.submit(list, records)
        hub.kill()
        with succeeding(hub):
            worker = Worker(url)
            worker.job("demo")(lambda job: "done")
            worker.start(wait_s=30)
            try:
                last = rest.result(60)[-1]
            finally:
                worker.stop(timeout_s=10)
        assert (last.status, last.result) == ("completed", "done")
