"""How a worker meets a hub: refused, replaced, cut off for a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from hub.client import HubClient
from hub.worker import Job, Worker, WorkerRefused
from tests.support.processes import Server, serving, succeeding
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until


@pytest.fixture
def proxy(hub: Server) -> Iterator[Proxy]:
    """A way to the hub that can be cut."""
    with Proxy(hub.url) as proxy:
        yield proxy


def test_nothing_runs_twice_when_the_socket_is_cut_for_a_moment(
    client: HubClient, proxy: Proxy
) -> None:
    began: list[str] = []
    go_on = threading.Event()
    worker = Worker(proxy.url, slots=2)

    @worker.job("t")
    def wait(job: Job) -> str:
        began.append(job.job_id)
        go_on.wait(60)
        return job.job_id

    worker.start(wait_s=30)
    try:
        jobs = client.submit_batch({"job_type": "t"} for _ in range(2))
        wait_until(lambda: len(began) == 2)
        proxy.cut()
        wait_until(lambda: client.workers()[0].status == "offline", what="the cut is seen")
        go_on.set()
        proxy.mend()
        assert [job.result(timeout_s=30) for job in jobs] == [job.job_id for job in jobs]
    finally:
        worker.stop(timeout_s=10)
    assert len(began) == 2
    for job in jobs:
        statuses = [entry.new_status for entry in client.history(job.job_id)]
        assert statuses == ["pending", "assigned", "in_progress", "completed"]


def test_worker_ends_when_its_token_is_wrong(hub_env: dict[str, str]) -> None:
    with serving("hub", environ={**hub_env, "JOBHUB_TOKEN": "right"}) as hub:
        worker = Worker(hub.url, token="wrong")
        worker.job("t")(lambda job: None)
        with pytest.raises(WorkerRefused, match=r"unauthenticated|closed the connection with 4503"):
            worker.run()


def test_older_worker_ends_when_another_takes_its_name(hub: Server, client: HubClient) -> None:
    older, newer = (Worker(hub.url, worker_id="same") for _ in range(2))
    for worker in (older, newer):
        worker.job("t")(lambda job: "done")
    older.start(wait_s=30)
    newer.start(wait_s=30)
    try:
        with pytest.raises(WorkerRefused, match="4501"):
            older.wait()
        assert client.submit("t").result(timeout_s=30) == "done"
    finally:
        newer.stop(timeout_s=10)


def test_worker_waits_for_its_hub_when_that_starts_later(hub_env: dict[str, str]) -> None:
    with serving("hub", environ=hub_env) as first:
        url = first.url
        assert first.stop() == 0
    worker = Worker(url)
    worker.job("t")(lambda job: "done")
    worker.start()
    with succeeding(first) as hub, HubClient(hub.url) as client:
        assert client.submit("t").result(timeout_s=30) == "done"
        worker.stop(timeout_s=10)
        assert client.workers()[0].status == "offline"
