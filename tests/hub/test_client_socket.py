"""The client socket: submit, cancel, follow; batches, request ids and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.processes import Server
from tests.support.sockets import Peer, open_socket, open_worker


@pytest.fixture
def client(hub: Server) -> Iterator[Peer]:
    with open_socket(hub.url, "/ws/client") as peer:
        yield peer


def send_batch(peer: Peer, *messages: Any) -> list[Any]:
    peer.connection.send(json.dumps(messages))
    answers: list[Any] = peer.receive()
    return answers


def test_every_answer_echoes_the_request_id(client: Peer, api: httpx.Client) -> None:
    made = client.ask("submit", job_type="demo", payload={"n": 1}, request_id="a")
    assert (made["type"], made["created"], made["request_id"]) == ("submitted", True, "a")
    job_id = made["job"]["job_id"]
    assert api.get(f"/api/jobs/{job_id}").json()["payload"] == {"n": 1}
    gone = client.ask("cancel", job_id=job_id, request_id="b")
    assert (gone["type"], gone["job"]["status"], gone["request_id"]) == (
        "cancelled",
        "cancelled",
        "b",
    )
    again = client.ask("cancel", job_id=job_id, request_id="c")
    assert (again["type"], again["code"], again["request_id"]) == ("error", "job_final", "c")
    unknown = client.ask("cancel", job_id="nosuchjob")
    assert (unknown["code"], "request_id" in unknown) == ("not_found", False)


def test_batch_is_answered_item_by_item_when_some_are_wrong(client: Peer) -> None:
    first, second, third, fourth = send_batch(
        client,
        {"type": "submit", "job_type": "demo", "request_id": "1"},
        {"type": "submit", "request_id": "2"},
        {"type": "launch", "request_id": "3"},
        {"type": "submit_batch", "jobs": [{"job_type": "a"}, {"job_type": "b", "run_at": 1}]},
    )
    assert (first["type"], first["request_id"]) == ("submitted", "1")
    assert (second["code"], second["field"], second["request_id"]) == ("invalid", "job_type", "2")
    assert (third["code"], third["field"], third["request_id"]) == ("unknown_type", "type", "3")
    assert [item["created"] for item in fourth["results"]] == [True, True]


def test_follow_tells_every_event_and_then_the_result(hub: Server, client: Peer) -> None:
    job_id = client.ask("submit", job_type="demo")["job"]["job_id"]
    following = client.ask("follow", job_id=job_id, request_id="f")
    assert (following["type"], following["job"]["status"]) == ("following", "pending")
    with open_worker(hub.url) as worker:
        fence = worker.receive_type("assign")["jobs"][0]["fence"]
        worker.ask("job_started", job_id=job_id, fence=fence)
        worker.ask("job_progress", job_id=job_id, fence=fence, percent=50)
        worker.ask("job_completed", job_id=job_id, fence=fence, result={"x": 1})
    told = []
    while (message := client.receive())["type"] == "event":
        assert message["request_id"] == "f"
        told.append(message["event"]["type"])
    assert told == ["job_assigned", "job_status_changed", "job_progress", "job_completed"]
    assert message == {
        "type": "result",
        "job_id": job_id,
        "status": "completed",
        "run": 1,
        "result": {"x": 1},
        "request_id": "f",
    }


def test_result_follows_at_once_when_the_job_is_over(client: Peer) -> None:
    job_id = client.ask("submit", job_type="demo")["job"]["job_id"]
    client.ask("cancel", job_id=job_id)
    for _ in range(2):  # a result ends the following, so it may be asked for again
        assert client.ask("follow", job_id=job_id)["job"]["status"] == "cancelled"
        assert client.receive() == {
            "type": "result",
            "job_id": job_id,
            "status": "cancelled",
            "run": 1,
        }


def test_follow_in_the_batch_that_submits_and_cancels_misses_nothing(client: Peer) -> None:
    job_id = client.ask("submit", job_type="demo")["job"]["job_id"]
    following, cancelled = send_batch(
        client, {"type": "follow", "job_id": job_id}, {"type": "cancel", "job_id": job_id}
    )
    assert (following["type"], cancelled["type"]) == ("following", "cancelled")
    assert client.receive_type("event")["event"]["new_status"] == "cancelled"
    assert client.receive_type("result")["status"] == "cancelled"


def test_unknown_job_is_not_counted_as_followed(client: Peer) -> None:
    asked = [{"type": "follow", "job_id": f"nosuchjob{n}"} for n in range(1_000)]
    assert {answer["code"] for answer in send_batch(client, *asked)} == {"not_found"}
    job_id = client.ask("submit", job_type="demo")["job"]["job_id"]
    assert client.ask("follow", job_id=job_id)["type"] == "following"
