"""`jobhub queues`, `jobhub workers` and `jobhub mark`: what operators see and switch."""

from __future__ import annotations

import json

import httpx

from tests.cli.conftest import Jobhub
from tests.support.processes import Server
from tests.support.sockets import open_worker


def test_queue_is_held_until_it_is_resumed(jobhub: Jobhub, api: httpx.Client) -> None:
    api.post("/api/jobs", json={"job_type": "resize"})
    assert jobhub("queues", "pause", "resize").output == "resize is paused\n"
    (queue,) = json.loads(jobhub("queues", "list", "--json").output)
    assert (queue["paused"], queue["pending"]) == (True, 1)
    assert "no worker is connected" in jobhub("queues", "list").output
    assert jobhub("queues", "resume", "resize").output == "resize is handed out\n"


def test_worker_drains_until_it_is_resumed(jobhub: Jobhub, hub: Server) -> None:
    with open_worker(hub.url, "w/1", slots=4):
        assert jobhub("workers", "drain", "w/1").output == "w/1 is draining\n"
        (worker,) = json.loads(jobhub("workers", "list", "--json").output)
        assert (worker["worker_id"], worker["status"], worker["slots"]) == ("w/1", "draining", 4)
        assert "● draining" in jobhub("workers", "list").output
        assert jobhub("workers", "resume", "w/1").output == "w/1 is idle\n"


def test_mark_is_on_the_time_line_when_it_was_set(jobhub: Jobhub, api: httpx.Client) -> None:
    assert jobhub("mark", "shop 1.4", "--kind", "deploy").output == "deploy: shop 1.4\n"
    mark = json.loads(jobhub("mark", "later", "--json").output)
    marks = api.get("/api/marks", params={"to": mark["at"] + 1_000}).json()["marks"]
    assert [(entry["label"], entry["kind"]) for entry in marks] == [
        ("shop 1.4", "deploy"),
        ("later", "note"),
    ]
    assert marks[1] == mark


def test_name_is_told_when_nothing_has_it(jobhub: Jobhub) -> None:
    assert jobhub("queues", "pause", "nope").errors.startswith("jobhub: job_type: ")
    assert jobhub("workers", "drain", "nope").errors.startswith("jobhub: worker_id: ")
    assert jobhub("jobs", "show", "nope").errors.startswith("jobhub: job_id: ")
