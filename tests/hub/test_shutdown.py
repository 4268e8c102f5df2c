"""SIGTERM of a hub: nothing new, everybody is told, nothing is lost; two hubs restart in turn under load."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from hub.client import HubClient
from hub.link import LinkClosed
from hub.worker import Worker
from tests.support.processes import Server, serving
from tests.support.proxy import Proxy
from tests.support.sockets import Peer, open_monitor, open_socket, open_worker
from tests.support.waiting import wait_until


def close_frame(peer: Peer) -> Close:
    """Read until the hub closes; returns how."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            peer.receive(30)
    assert closed.value.rcvd is not None
    return closed.value.rcvd


def test_every_socket_is_closed_with_1012_when_the_hub_is_told_to_end(
    hub_env: dict[str, str],
) -> None:
    with serving("hub", environ=hub_env) as hub, ExitStack() as stack:
        url = hub.url
        peers = [
            stack.enter_context(open_monitor(hub.url)),
            stack.enter_context(open_worker(hub.url)),
            stack.enter_context(open_socket(hub.url, "/ws/client")),
        ]
        assert peers[2].ask("submit", job_type="other")["type"] == "submitted"
        ending = threading.Thread(target=hub.stop, daemon=True)
        ending.start()
        ends = [close_frame(peer) for peer in peers]
        assert [end.code for end in ends] == [1012, 1012, 1012]
        assert all(0 <= LinkClosed(end.code, end.reason).hint_s <= 0.5 for end in ends)
        assert all("come back in 0." in end.reason for end in ends)
        ending.join(30)
        assert hub.process.returncode == 0
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/healthz")
        assert "Traceback" not in hub.output


def test_who_waits_for_a_result_is_answered_when_the_hub_is_told_to_end(
    hub_env: dict[str, str],
) -> None:
    with serving("hub", environ=hub_env) as hub, httpx.Client(base_url=hub.url) as api:
        job_id = api.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
        with socket.create_connection(("127.0.0.1", api.base_url.port or 0)) as patient:
            request = f"GET /api/jobs/{job_id}/result?wait_s=50 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            patient.sendall(request.encode())
            for _ in range(5):  # the hub takes what arrives in turn: by then it has the request
                assert httpx.get(f"{hub.url}/healthz").status_code == 200
            ending = threading.Thread(target=hub.stop, daemon=True)
            started = time.monotonic()
            ending.start()
            patient.settimeout(30)
            answer = patient.recv(1_000)
            assert time.monotonic() - started < 9  # the server would cut it off after ten
        ending.join(30)
    assert answer.startswith(b"HTTP/1.1 202 ")


class Rolling:
    """Two hubs behind one address; each is replaced in turn, as an operator would."""

    def __init__(self, environ: dict[str, str], proxy: Proxy, stack: ExitStack) -> None:
        self._environ, self._proxy, self._stack = environ, proxy, stack
        self.hubs = [self._start(), self._start()]
        proxy.lead_to(self.hubs[0].url)

    def restart_all(self) -> None:
        """Replace both; new connections always find the one that stays."""
        for place in (0, 1):
            self._proxy.lead_to(self.hubs[1 - place].url)
            assert self.hubs[place].stop() == 0
            assert "Traceback" not in self.hubs[place].output
            self.hubs[place] = self._start()

    def _start(self) -> Server:
        hub = self._stack.enter_context(serving("hub", environ=self._environ))
        assert hub.url
        return hub


@contextmanager
def working(url: str) -> Iterator[Worker]:
    worker = Worker(url, slots=4, worker_id="w1")

    @worker.job("demo")
    def demo(job: Any) -> int:
        return int(job.payload["n"]) + 1

    worker.start(wait_s=30)
    try:
        yield worker
    finally:
        worker.stop()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_job_fails_when_two_hubs_restart_in_turn_under_load(hub_env: dict[str, str]) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy(None))
        rolling = Rolling(hub_env, proxy, stack)
        stack.enter_context(working(proxy.url))
        client = stack.enter_context(HubClient(proxy.url))
        stopping = threading.Event()
        jobs: list[Any] = []

        def load() -> None:
            while not stopping.is_set():
                jobs.append(
                    client.submit("demo", {"n": len(jobs)}, idempotency_key=f"k{len(jobs)}")
                )

        loading = threading.Thread(target=load, daemon=True)
        loading.start()
        wait_until(lambda: len(jobs) > 50)
        rolling.restart_all()
        sent = len(jobs)
        wait_until(lambda: len(jobs) > sent + 50)
        stopping.set()
        loading.join(30)
        results = [job.result(timeout_s=60) for job in jobs]
        with httpx.Client(base_url=rolling.hubs[0].url, timeout=30) as api:
            counts = api.get("/api/stats").json()["counts"]
    assert results == [n + 1 for n in range(len(jobs))]
    assert (counts["completed"], counts["failed"]) == (len(jobs), 0)
