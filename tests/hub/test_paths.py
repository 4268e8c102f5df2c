"""Ids in paths: whatever a worker or a job type is called, it can be read, drained and paused by URL."""

from __future__ import annotations

import httpx
import pytest

from hub.client import HubClient
from tests.support.commands import run_jobhub
from tests.support.processes import Server
from tests.support.sockets import open_socket, open_worker

NAMES = ["gpu/1", "gpu/drain", "a/b/resume", "queue/pause", "/x", "a//b", "x/../y", "drain"]


def test_worker_is_named_by_url_when_its_id_ends_like_a_route(hub: Server) -> None:
    with HubClient(hub.url) as client:
        for name in NAMES:
            with open_worker(hub.url, name, (name,)):
                assert client.worker(name).worker_id == name
                assert client.drain_worker(name).status == "draining"
                assert client.resume_worker(name).status == "idle"


def test_queue_is_named_by_url_when_its_type_ends_like_a_route(hub: Server) -> None:
    with HubClient(hub.url) as client:
        for name in NAMES:
            client.submit(name)
            assert client.queue(name).job_type == name
            assert client.pause_queue(name).paused
            assert not client.resume_queue(name).paused


def test_slash_stands_as_it_is_when_the_id_does_not_end_like_a_route(
    hub: Server, api: httpx.Client
) -> None:
    with open_worker(hub.url, "gpu/1"):
        for path in ("gpu/1", "gpu%2F1", "gpu%2f1"):
            assert api.get(f"/api/workers/{path}").json()["worker_id"] == "gpu/1"
            assert api.post(f"/api/workers/{path}/drain").json()["status"] == "draining"
            assert api.post(f"/api/workers/{path}/resume").json()["status"] == "idle"
        assert api.get("/api/workers/gpu/1/drain").status_code == 405
        assert api.get("/api/workers/gpu/1%2Fdrain").status_code == 404
        assert api.get("/api/jobs/gpu%2F1/log").status_code == 404


def test_command_line_names_a_worker_when_its_id_ends_like_a_route(hub: Server) -> None:
    with open_worker(hub.url, "gpu/drain"):
        done = run_jobhub("workers", "drain", "gpu/drain", "--hub-url", hub.url)
        assert done.output == "gpu/drain is draining\n"


@pytest.mark.parametrize("name", [".", ".."])
def test_id_is_refused_when_no_path_could_hold_it(
    hub: Server, api: httpx.Client, name: str
) -> None:
    refusal = api.post("/api/jobs", json={"job_type": name})
    assert (refusal.status_code, refusal.json()["field"]) == (422, "job_type")
    with open_socket(hub.url, "/ws/worker") as worker:
        answer = worker.ask("register", worker_id=name, job_types=["demo"])
        assert (answer["type"], answer["field"]) == ("error", "worker_id")
