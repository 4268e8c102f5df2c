"""The log of a hub: a line an entry, whatever is in it, and the id of the request that caused it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import redis

from hub.logs import LogFormat, configure_logs, request_id, take_request_id
from tests.support.processes import Server, serving
from tests.support.waiting import wait_until


@contextmanager
def logging_as(log_format: LogFormat) -> Iterator[None]:
    """Configure the logs of this process for the time of the block."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logs(log_format, "warning")
    try:
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])


HOSTILE = "a\nFORGED\r\x1b[31m\u2028\ud800ü"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_entry_stays_one_line_when_its_message_is_hostile(
    log_format: LogFormat, capfd: pytest.CaptureFixture[str]
) -> None:
    with logging_as(log_format):
        logging.getLogger("hub.test").warning("told %s", HOSTILE)
    (line,) = capfd.readouterr().err.splitlines()
    said = json.loads(line)["message"] if log_format == "json" else line
    assert r"told a\nFORGED\r\x1b[31m\u2028\ud800ü" in said


def test_json_line_holds_trace_and_request_id(capfd: pytest.CaptureFixture[str]) -> None:
    asked = request_id.set("r-1")
    with logging_as("json"):
        try:
            raise ValueError("x\ny")
        except ValueError:
            logging.getLogger("hub.test").exception("it failed")
    request_id.reset(asked)
    line = json.loads(capfd.readouterr().err)
    assert line.keys() == {"at", "level", "logger", "message", "request_id", "trace"}
    assert (line["level"], line["request_id"]) == ("error", "r-1")
    assert "ValueError: x\ny" in line["trace"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\nb", "ü", None])
def test_request_id_is_made_when_none_or_a_wrong_one_is_given(given: str | None) -> None:
    assert take_request_id(given) != given
    assert take_request_id("req-1:a/b=+_.") == "req-1:a/b=+_."


@pytest.fixture
def telling_hub(hub_env: dict[str, str]) -> Iterator[Server]:
    with serving(
        "hub", environ={**hub_env, "JOBHUB_LOG_FORMAT": "json", "JOBHUB_LOG_LEVEL": "info"}
    ) as server:
        assert server.url
        yield server


def told(server: Server) -> list[dict[str, Any]]:
    """The JSON lines so far."""
    return [json.loads(line) for line in server.lines if line.startswith("{")]


def test_answer_problem_and_log_share_the_id_of_a_request(
    telling_hub: Server, redis_url: str, namespace: str
) -> None:
    with httpx.Client(base_url=telling_hub.url, timeout=30) as api:
        fine = api.get("/api/stats?x=secret", headers={"X-Request-ID": "mine"})
        assert fine.headers["X-Request-ID"] == "mine"
        refused = api.get("/api/jobs/nosuchjob", headers={"X-Request-ID": "not an id"})
        made = refused.headers["X-Request-ID"]
        assert refused.json()["request_id"] == made != "not an id"
        assert api.get("/nowhere").headers["X-Request-ID"] != made
        with redis.Redis.from_url(redis_url) as client:  # a job that no script can read
            client.set(f"{{{namespace}}}:job:broken", "x")
        failed = api.get("/api/jobs/broken", headers={"X-Request-ID": "third"})
        assert failed.status_code == 503
    wait_until(lambda: [line for line in told(telling_hub) if line.get("request_id") == "third"])
    lines = told(telling_hub)
    assert "secret" not in telling_hub.output
    ended = {line["request_id"]: line for line in lines if line["logger"] == "hub.requests"}
    assert (ended["mine"]["path"], ended["mine"]["status"]) == ("/api/stats", 200)
    assert (ended[made]["method"], ended[made]["status"]) == ("GET", 404)
    assert ended["mine"]["caller"] == "anonymous"
    (warned,) = [line for line in lines if line["logger"] == "hub.http.problems"]
    assert (warned["request_id"], warned["level"]) == ("third", "warning")
    assert warned["message"].startswith("Redis: WRONGTYPE")
