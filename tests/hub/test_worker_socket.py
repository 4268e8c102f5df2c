"""The worker socket: what a worker says, what it hears, and when it is closed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.processes import Server, hub_environ, serving
from tests.support.sockets import Peer, open_socket, open_worker
from tests.support.waiting import wait_until


def submit(api: httpx.Client, **fields: Any) -> str:
    job_id: str = api.post("/api/jobs", json={"job_type": "demo", **fields}).json()["job_id"]
    return job_id


def take(worker: Peer) -> dict[str, Any]:
    """Wait for one job; returns the grant."""
    (given,) = worker.receive_type("assign")["jobs"]
    return {"job_id": given["job_id"], "fence": given["fence"]}


def close_code(peer: Peer) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            peer.receive()
    return closed.value.rcvd.code if closed.value.rcvd else None


def test_registration_tells_the_lease_and_the_worker_is_listed(
    hub: Server, api: httpx.Client
) -> None:
    with open_socket(hub.url, "/ws/worker") as worker:
        answer = worker.ask(
            "register", worker_id="gpu/1", job_types=["demo"], slots=2, request_id="r"
        )
        assert (answer["lease_ms"], answer["heartbeat_ms"]) == (30_000, 10_000)
        assert (answer["jobs"], answer["request_id"]) == ([], "r")
        assert api.get("/api/workers/gpu/1").json()["status"] == "idle"
        assert worker.ask("goodbye") == {"type": "ack", "of": "goodbye"}
        assert close_code(worker) == 1000
    assert api.get("/api/workers/gpu/1").json()["status"] == "offline"


def test_batch_of_reports_is_answered_item_by_item(hub: Server, api: httpx.Client) -> None:
    job_id = submit(api)
    with open_worker(hub.url) as worker:
        grant = take(worker)
        worker.connection.send(
            json.dumps(
                [
                    {"type": "job_started", **grant, "request_id": "1"},
                    {"type": "job_progress", **grant, "percent": 40, "message": "half"},
                    {"type": "job_progress", **grant, "percent": 400, "request_id": "3"},
                    {"type": "job_log", **grant, "lines": ["a", "b"], "request_id": "4"},
                    {"type": "nonsense", "request_id": "5"},
                    {"type": "job_completed", **grant, "result": 7},
                    {"type": "job_completed", **grant, "result": 7},
                ]
            )
        )
        answers = worker.receive()
    assert [item["type"] for item in answers] == [
        "ack",
        "ack",
        "error",
        "ack",
        "error",
        "ack",
        "ack",
    ]
    assert [item.get("request_id") for item in answers] == ["1", None, "3", "4", "5", None, None]
    assert (answers[2]["field"], answers[4]["code"]) == ("percent", "unknown_type")
    assert api.get(f"/api/jobs/{job_id}").json()["result"] == 7
    assert api.get(f"/api/jobs/{job_id}/log").json()["lines"] == ["a", "b"]


def test_worker_is_told_when_its_job_is_cancelled(hub: Server, api: httpx.Client) -> None:
    job_id = submit(api)
    with open_worker(hub.url) as worker:
        grant = take(worker)
        worker.ask("job_started", **grant)
        api.post(f"/api/jobs/{job_id}/cancel")
        assert worker.receive_type("cancel") == {"type": "cancel", **grant, "reason": "cancelled"}
        beat = worker.ask("heartbeat", held=[grant])
        assert beat["held"] == [{**grant, "action": "cancel"}]
        late = worker.ask("job_completed", **grant)
        assert (late["type"], late["of"]) == ("stale", "job_completed")


def test_grants_are_kept_or_dropped_when_a_worker_comes_back(
    hub: Server, api: httpx.Client
) -> None:
    job_id = submit(api)
    with open_worker(hub.url) as worker:
        grant = take(worker)
        worker.ask("job_started", **grant)
    wait_until(lambda: api.get("/api/workers/w1").json()["status"] == "offline")
    assert api.get(f"/api/jobs/{job_id}").json()["status"] == "in_progress"
    other = {"job_id": job_id, "fence": grant["fence"] + 1}
    with open_socket(hub.url, "/ws/worker") as worker:
        answer = worker.ask("register", worker_id="w1", job_types=["demo"], resume=[grant, other])
        assert answer["jobs"] == [{**grant, "action": "keep"}, {**other, "action": "drop"}]
        assert worker.ask("job_completed", **grant)["type"] == "ack"


def test_older_socket_is_closed_4501_when_its_name_registers_again(
    hub: Server, api: httpx.Client
) -> None:
    with open_worker(hub.url) as older, open_worker(hub.url):
        assert close_code(older) == 4501
        assert api.get("/api/workers/w1").json()["status"] == "idle"


def test_draining_worker_gets_nothing_until_it_is_resumed(hub: Server, api: httpx.Client) -> None:
    with open_worker(hub.url) as worker:
        assert api.post("/api/workers/w1/drain").json()["status"] == "draining"
        assert worker.receive() == {"type": "drain", "draining": True}
        job_id = submit(api)
        assert worker.ask("status", draining=False, request_id="s")["request_id"] == "s"
        assert take(worker)["job_id"] == job_id


def test_worker_hears_no_drain_when_it_asked_itself(hub: Server, api: httpx.Client) -> None:
    """Events of the past told a worker that drains to take jobs again."""
    for _ in range(10):
        submit(api)
    with open_worker(hub.url, slots=10) as worker:
        taken = []
        while len(taken) < 10:
            taken += worker.receive_type("assign")["jobs"]
        for given in taken:
            worker.send("job_released", job_id=given["job_id"], fence=given["fence"])
            worker.send("status", draining=True)
        heard = [worker.receive()["type"] for _ in range(20)]
        assert "drain" not in heard
        assert api.post("/api/workers/w1/resume").json()["status"] == "idle"
        assert worker.receive_type("drain") == {"type": "drain", "draining": False}
        api.post("/api/workers/w1/drain")
        assert worker.receive_type("drain") == {"type": "drain", "draining": True}


def test_goodbye_gives_jobs_back_uncounted(hub: Server, api: httpx.Client) -> None:
    job_id = submit(api)
    with open_worker(hub.url) as worker:
        worker.ask("job_started", **take(worker))
        worker.ask("goodbye")
    job = api.get(f"/api/jobs/{job_id}").json()
    assert (job["status"], job.get("losses", 0)) == ("pending", 0)


def test_worker_that_sends_nonsense_without_end_is_closed_4504(hub: Server) -> None:
    with open_worker(hub.url) as worker:
        for _ in range(99):
            assert worker.ask("nonsense")["code"] == "unknown_type"
        worker.send("nonsense")
        assert close_code(worker) == 4504


def test_oversized_message_closes_4504(hub: Server) -> None:
    with open_worker(hub.url) as worker:
        worker.connection.send('{"type":"goodbye","request_id":"' + "x" * 1_100_000 + '"}')
        assert close_code(worker) == 4504


def test_only_the_token_opens_a_socket_when_one_is_set(
    redis_url: str, namespace: str, tmp_path: Any
) -> None:
    environ = hub_environ(redis_url, namespace, tmp_path, token="s3cret-token")
    with serving("hub", environ=environ) as server:
        for message in ({"type": "auth", "token": "wrong"}, {"type": "register"}, {"type": "auth"}):
            with open_socket(server.url, "/ws/worker") as worker:
                worker.connection.send(json.dumps(message))
                assert worker.receive()["code"] == "unauthenticated"
                assert close_code(worker) == 4503
        with open_socket(server.url, "/ws/worker") as worker:
            worker.send("auth", token="s3cret-token")
            assert worker.ask("register", worker_id="w1", job_types=["demo"])["worker"]
        bearer = {"Authorization": "Bearer s3cret-token"}
        with open_socket(server.url, "/ws/client", additional_headers=bearer) as client:
            assert client.ask("submit", job_type="demo")["created"] is True
