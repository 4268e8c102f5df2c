"""`jobhub doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

import json

import httpx

from tests.cli.conftest import Jobhub
from tests.support.commands import Ended, run_jobhub
from tests.support.processes import Server


def _findings(ended: Ended) -> dict[str, tuple[str, str]]:
    return {item["subject"]: (item["verdict"], item["fact"]) for item in json.loads(ended.output)}


def test_everything_is_well_when_hub_and_redis_are(
    hub: Server, hub_env: dict[str, str], redis_url: str
) -> None:
    ended = run_jobhub("doctor", "--json", environ={**hub_env, "JOBHUB_HUB_URL": hub.url})
    assert ended.status == 0, ended.output
    findings = _findings(ended)
    assert {verdict for verdict, _ in findings.values()} == {"ok"}
    assert findings.keys() == {"redis", "persistence", "memory", "hub", "workers", "monitor socket"}


def test_waiting_jobs_are_told_when_no_worker_is_connected(
    jobhub: Jobhub, api: httpx.Client
) -> None:
    api.post("/api/jobs", json={"job_type": "demo"})
    ended = jobhub("doctor", "--json")
    assert ended.status == 0
    assert _findings(ended)["workers"] == ("warning", "1 jobs wait and no worker is connected")
    assert "→ start one: jobhub worker MODULE:NAME" in jobhub("doctor").output


def test_status_is_1_when_neither_redis_nor_hub_answers() -> None:
    environ = {"REDIS_URL": "redis://127.0.0.1:9", "JOBHUB_HUB_URL": "http://127.0.0.1:9"}
    ended = run_jobhub("doctor", "--json", environ=environ)
    assert ended.status == 1
    assert ended.errors == "jobhub: 2 problems\n"
    findings = _findings(ended)
    assert findings["redis"][0] == findings["hub"][0] == "problem"
