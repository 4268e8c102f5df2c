"""Submitting over the client socket: shared by threads, found again, done without."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.client import HubClient
from hub.errors import TooLarge
from hub.worker import Worker
from tests.support.processes import Server, succeeding
from tests.support.proxy import Proxy


def test_each_thread_gets_its_own_job_when_many_submit_at_once(hub: Server) -> None:
    with HubClient(hub.url) as client:

        def submit(number: int) -> bool:
            job = client.submit("demo", {"n": number}, customer_id=f"c{number}").job
            return job.customer_id == f"c{number}"

        with ThreadPoolExecutor(16) as threads:
            assert all(threads.map(submit, range(400)))
        assert client.stats().counts["pending"] == 400


def test_next_submit_goes_through_when_the_hub_was_restarted(hub: Server) -> None:
    url = hub.url
    with HubClient(url) as client:
        first = client.submit("demo")
        assert hub.stop() == 0
        with succeeding(hub):
            client.submit("demo")
            assert client.get(first.job_id).status == "pending"
            assert client.stats().counts["pending"] == 2


def test_jobs_are_submitted_over_http_when_sockets_are_blocked(hub: Server) -> None:
    with Proxy(hub.url, refuse_sockets=True) as proxy, HubClient(proxy.url) as client:
        client.submit("demo")
        client.submit_batch([{"job_type": "demo"}] * 3)
        assert client.stats().counts["pending"] == 4


def test_refusal_is_the_same_when_a_payload_is_too_large(hub: Server) -> None:
    with (
        Proxy(hub.url, refuse_sockets=True) as proxy,
        HubClient(proxy.url) as over_http,
        HubClient(hub.url) as over_socket,
    ):
        for size in (70_000, 2_000_000):
            for client in (over_http, over_socket):
                with pytest.raises(TooLarge):
                    client.submit("demo", "x" * size)


def test_both_processes_get_their_own_answers_when_a_client_is_forked(hub: Server) -> None:
    with HubClient(hub.url) as client:
        client.submit("demo", customer_id="before")
        child = multiprocessing.get_context("fork").Process(
            target=submit_many, args=(client, "child")
        )
        child.start()
        submit_many(client, "parent")
        child.join(60)
        assert child.exitcode == 0
        assert client.stats().counts["pending"] == 101


def submit_many(client: HubClient, name: str) -> None:
    for _ in range(50):
        assert client.submit("demo", customer_id=name).job.customer_id == name


def test_every_thread_gets_the_result_when_many_wait_for_the_same_jobs(hub: Server) -> None:
    worker = Worker(hub.url, slots=4)
    worker.job("double")(lambda job: 2 * job.payload)
    with HubClient(hub.url) as client, ThreadPoolExecutor(16) as threads:
        jobs = client.submit_batch({"job_type": "double", "payload": n} for n in range(8))
        waiting = [threads.submit(job.result, 30) for job in jobs for _ in range(2)]
        worker.start(wait_s=30)
        try:
            results = [wait.result(60) for wait in waiting]
        finally:
            worker.stop(timeout_s=10)
        assert results == [2 * n for n in range(8) for _ in range(2)]
        # Those that are over already come at once.
        assert [job.result(timeout_s=30) for job in jobs] == [2 * n for n in range(8)]


def test_waiting_goes_on_when_the_hub_is_restarted(hub: Server) -> None:
    url = hub.url
    with HubClient(url) as client, ThreadPoolExecutor(1) as threads:
        job = client.submit("demo")
        waiting = threads.submit(job.result, 60)
        hub.kill()
        with succeeding(hub):
            worker = Worker(url)
            worker.job("demo")(lambda job: "done")
            worker.start(wait_s=30)
            try:
                assert waiting.result(60) == "done"
            finally:
                worker.stop(timeout_s=10)
