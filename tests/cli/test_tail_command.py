"""`jobhub tail`: every event once, also when the hub was killed in between."""

from __future__ import annotations

import json
import signal

import httpx

from tests.support.processes import Server, serving, succeeding
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until


def _submit(hub_url: str, **fields: object) -> str:
    answer = httpx.post(f"{hub_url}/api/jobs", json={"job_type": "demo", **fields})
    return str(answer.json()["job_id"])


def _events(tail: Server) -> list[dict[str, object]]:
    return [json.loads(line) for line in tail.lines if line.startswith("{")]


def _connected(tail: Server) -> None:
    wait_until(lambda: "connected; events follow" in tail.output, what="a connection")


def test_line_tells_type_job_and_state_when_an_event_happens(hub: Server) -> None:
    with serving("tail", environ={"JOBHUB_HUB_URL": hub.url}) as tail:
        _connected(tail)
        job_id = _submit(hub.url)
        wait_until(lambda: job_id in tail.output)
        line = next(line for line in tail.lines if job_id in line)
        assert "submitted" in line
        assert "● pending" in line
        tail.process.send_signal(signal.SIGINT)
        assert tail.process.wait(20) == 0


def test_other_events_are_left_out_when_filters_are_given(hub: Server) -> None:
    with (
        open_worker(hub.url) as worker,
        serving(
            "tail", "--json", "--type", "job_completed", "--priority-min", "60", "--limit", "1",
            environ={"JOBHUB_HUB_URL": hub.url},
        ) as tail,
    ):  # fmt: skip
        _connected(tail)
        _submit(hub.url, priority=50)
        wanted = _submit(hub.url, priority=70)
        for _ in range(2):
            job = worker.receive_type("assign")["jobs"][0]
            worker.send("job_completed", job_id=job["job_id"], fence=job["fence"])
        assert tail.process.wait(20) == 0
        wait_until(lambda: _events(tail))
        (event,) = _events(tail)
        assert (event["type"], event["job_id"]) == ("job_completed", wanted)


def test_no_event_is_missing_when_the_hub_was_killed_and_came_back(
    hub_env: dict[str, str],
) -> None:
    with serving("hub", environ=hub_env) as first:
        url = first.url
        with serving("tail", "--json", environ={"JOBHUB_HUB_URL": url}) as tail:
            _connected(tail)
            submitted = [_submit(url)]
            wait_until(lambda: _events(tail))
            first.kill()
            wait_until(lambda: "connection lost" in tail.output)
            with succeeding(first) as second:
                submitted += [_submit(second.url) for _ in range(3)]
                wait_until(
                    lambda: sum(event["type"] == "job_submitted" for event in _events(tail)) == 4,
                    what="four submitted jobs",
                )
                seen = [
                    event["job_id"] for event in _events(tail) if event["type"] == "job_submitted"
                ]
                assert seen == submitted


def test_field_is_named_when_the_hub_refuses_the_subscription(hub: Server) -> None:
    with serving("tail", "--job-type", "no such", environ={"JOBHUB_HUB_URL": hub.url}) as tail:
        assert tail.process.wait(20) == 1
        wait_until(lambda: tail.output)
        assert "jobhub: filters.job_types" in tail.output
