"""`jobhub doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis

from hub.roles import ROLES
from tests.cli.conftest import Jobhub
from tests.support.commands import Ended, run_jobhub
from tests.support.processes import Server, hub_environ, serving
from tests.support.redis_process import RedisProcess, running_redis
from tests.support.roles import Guarded
from tests.support.roles import guarded_hub as run_guarded


def _findings(ended: Ended) -> dict[str, tuple[str, str]]:
    return {item["subject"]: (item["verdict"], item["fact"]) for item in json.loads(ended.output)}


def _remedies(ended: Ended) -> dict[str, str]:
    return {item["subject"]: item["remedy"] for item in json.loads(ended.output)}


def test_everything_is_well_when_hub_and_redis_are(hub: Server, hub_env: dict[str, str]) -> None:
    environ = {**hub_env, "JOBHUB_HUB_URL": hub.url, "JOBHUB_DASHBOARD_PORT": "0"}
    ended = run_jobhub("doctor", "--json", environ=environ)
    assert ended.status == 0, ended.output
    findings = _findings(ended)
    assert {verdict for verdict, _ in findings.values()} == {"ok"}
    of_redis = {"redis", "persistence", "memory", "rights", "clock", "distance"}
    assert findings.keys() == of_redis | {"hub", "workers", "tokens", "monitor socket"}
    assert findings["tokens"][1] == "none: who is on this machine is an operator"


def test_waiting_jobs_are_told_when_no_worker_is_connected(
    jobhub: Jobhub, api: httpx.Client
) -> None:
    api.post("/api/jobs", json={"job_type": "demo"})
    ended = jobhub("doctor", "--json", "--port", "0", "--dashboard-port", "0")
    assert ended.status == 0
    assert _findings(ended)["workers"] == ("warning", "1 jobs wait and no worker is connected")
    shown = jobhub("doctor", "--port", "0", "--dashboard-port", "0").output
    assert "→ start one: jobhub worker MODULE:NAME" in shown


def test_status_is_1_when_neither_redis_nor_hub_answers() -> None:
    environ = {
        "REDIS_URL": "redis://127.0.0.1:9",
        "JOBHUB_HUB_URL": "http://127.0.0.1:9",
        "JOBHUB_PORT": "0",
        "JOBHUB_DASHBOARD_PORT": "0",
    }
    ended = run_jobhub("doctor", "--json", environ=environ)
    assert ended.status == 1
    assert ended.errors == "jobhub: 2 problems\n"
    findings = _findings(ended)
    assert findings["redis"][0] == findings["hub"][0] == "problem"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisProcess]:
    with running_redis(tmp_path / "redis") as server:
        yield server


def test_what_loses_jobs_is_told_when_redis_is_set_up_for_a_cache(own: RedisProcess) -> None:
    own.configure("appendonly", "no")
    own.configure("maxmemory", "100mb")
    own.configure("maxmemory-policy", "allkeys-lru")
    ended = run_jobhub("doctor", "--json", environ={"REDIS_URL": own.url})
    findings, remedies = _findings(ended), _remedies(ended)
    assert ended.status == 1
    assert findings["persistence"][0] == "warning"
    assert remedies["persistence"] == "set appendonly yes"
    assert findings["memory"][0] == "problem"
    assert remedies["memory"] == "set maxmemory-policy noeviction"
    own.configure("maxmemory-policy", "noeviction")
    own.configure("maxmemory", 1)
    full = _findings(run_jobhub("doctor", "--json", environ={"REDIS_URL": own.url}))
    assert full["memory"][0] == "warning"
    assert "% of maxmemory is used" in full["memory"][1]


def as_user(own: RedisProcess, rules: str) -> str:
    """Make a user with these rules; its URL."""
    with redis.Redis.from_url(own.url) as client:
        client.execute_command("ACL", "SETUSER", "jobhub", "reset", "on", ">pw", *rules.split())
    return own.url.replace("unix://", "unix://jobhub:pw@")


def test_hub_runs_when_its_user_has_the_rights_that_doctor_asks_for(
    own: RedisProcess, tmp_path: Path
) -> None:
    """What doctor says to grant is enough for everything, and no more than its namespace."""
    refused = run_jobhub(
        "doctor", "--json", environ={"REDIS_URL": as_user(own, "~{team}:* &* +@all -zadd -publish")}
    )
    told = _findings(refused)["rights"]
    assert told[0] == "problem"
    rules = _remedies(refused)["rights"].partition(">PASSWORD ")[2]
    assert rules == "~{jobhub}:* &{jobhub}:* +@all -@admin -@dangerous +info"
    url = as_user(own, rules)
    with (
        serving("hub", environ=hub_environ(url, "jobhub", tmp_path)) as hub,
        httpx.Client(base_url=hub.url, timeout=30) as api,
    ):
        job_id = api.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
        assert api.post(f"/api/jobs/{job_id}/cancel").status_code == 200
        assert api.get("/api/snapshot").status_code == 200
        assert api.get("/readyz").status_code == 200
        found = _findings(run_jobhub("doctor", "--json", environ={"REDIS_URL": url}))
        assert found["rights"][0] == "ok"
        assert "NOPERM" not in hub.output
    other = run_jobhub(
        "doctor", "--json", environ={"REDIS_URL": url, "JOBHUB_NAMESPACE": "another"}
    )
    assert _findings(other)["rights"][0] == "problem"


def test_port_of_another_program_is_told_and_jobhubs_own_is_not(hub: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = hub.url.rpartition(":")[2]
        environ = {"JOBHUB_PORT": taken, "JOBHUB_DASHBOARD_PORT": str(port)}
        findings = _findings(run_jobhub("doctor", "--json", environ=environ))
    assert findings[f"port {taken}"] == ("ok", "the hub listens")
    verdict, fact = findings[f"port {port}"]
    assert (verdict, fact) == ("problem", f"127.0.0.1:{port} is in use by another program")


def test_tokens_and_addresses_are_looked_at(redis_url: str, namespace: str, tmp_path: Path) -> None:
    with run_guarded(redis_url, namespace, tmp_path) as guarded:
        assert isinstance(guarded, Guarded)
        environ = {
            "JOBHUB_HUB_URL": guarded.url,
            "JOBHUB_PUBLIC_HUB_URL": "http://jobs.example.com",
            "JOBHUB_TOKEN": "root-secret",
            "REDIS_URL": "redis://10.255.255.1:6379?socket_connect_timeout=0.1",
        }
        items = json.loads(run_jobhub("doctor", "--json", environ=environ).output)
    told = [(item["subject"], item["verdict"], item["fact"]) for item in items]
    assert (
        "token",
        "warning",
        "JOBHUB_TOKEN is short enough to be guessed",
    ) in told
    roles = ", ".join(f"1 {role}" for role in sorted(ROLES))
    assert ("tokens", "ok", roles) in told
    assert [fact for subject, _, fact in told if subject == "encryption"] == [
        "browsers reach the hub at http://jobs.example.com, in clear",
        "Redis at 10.255.255.1 is asked in clear",
    ]
