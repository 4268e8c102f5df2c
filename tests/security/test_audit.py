"""Every action of an operator is in the audit log, by API, CSV and command."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from hub.app import create_app, create_hub
from hub.config import Settings
from hub.http.openapi import documented_routes
from hub.passwords import hash_password
from hub.roles import ROUTES
from tests.security.test_attacks import CHANGING
from tests.support.commands import run_jobhub
from tests.support.roles import Guarded
from tests.support.sockets import open_worker

ANN = {"Jobhub-Actor": "ann@example.org"}


def _submitted(api: httpx.Client) -> str:
    job_id: str = api.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
    return job_id


def _cancelled(api: httpx.Client) -> str:
    job_id = _submitted(api)
    assert api.post(f"/api/jobs/{job_id}/cancel").status_code == 200
    return job_id


def _tokened(api: httpx.Client) -> str:
    assert api.post("/api/tokens", json={"name": "old", "role": "viewer"}).status_code == 201
    return "old"


def _user(api: httpx.Client) -> dict[str, str]:
    return {"name": "eve", "role": "viewer", "password_hash": hash_password("x" * 12)}


def _known(api: httpx.Client) -> str:
    assert api.post("/api/users", json=_user(api)).status_code == 200
    return "eve"


# By endpoint: makes (method, path, body), and the action that the log must name.
DEEDS: dict[str, tuple[Callable[[httpx.Client], tuple[str, str, Any]], str]] = {
    "jobs.cancel": (lambda api: ("POST", f"/api/jobs/{_submitted(api)}/cancel", None), "cancel"),
    "jobs.retry": (lambda api: ("POST", f"/api/jobs/{_cancelled(api)}/retry", None), "retry"),
    "jobs.change": (
        lambda api: ("PATCH", f"/api/jobs/{_submitted(api)}", {"priority": 9}),
        "update",
    ),
    "bulk.bulk": (
        lambda api: ("POST", "/api/jobs/bulk", {"action": "purge", "ids": [_cancelled(api)]}),
        "purge",
    ),
    "workers.drain": (lambda api: ("POST", "/api/workers/w1/drain", None), "drain"),
    "workers.resume": (lambda api: ("POST", "/api/workers/w1/resume", None), "resume"),
    "queues.pause": (lambda api: ("POST", "/api/queues/demo/pause", None), "pause"),
    "queues.resume": (lambda api: ("POST", "/api/queues/demo/resume", None), "resume"),
    "marks.add": (lambda api: ("POST", "/api/marks", {"label": "=v2"}), "mark_added"),
    "promises.put_slo": (
        lambda api: ("PUT", "/api/slo", {"job_type": "demo", "target_s": 5}),
        "promise_set",
    ),
    "tokens.create": (
        lambda api: ("POST", "/api/tokens", {"name": "made", "role": "client"}),
        "token_created",
    ),
    "tokens.revoke": (
        lambda api: ("DELETE", f"/api/tokens/{_tokened(api)}", None),
        "token_revoked",
    ),
    "users.put": (lambda api: ("POST", "/api/users", _user(api)), "user_changed"),
    "users.remove": (lambda api: ("DELETE", f"/api/users/{_known(api)}", None), "user_removed"),
}
NO_OPERATORS_ACTION = {"jobs.submit", "jobs.submit_batch", "figures.ticket"}


def test_every_changing_route_is_looked_at(settings: Settings, redis_url: str) -> None:
    app = create_app(create_hub(settings, redis_url))
    changing = {rule.endpoint for rule, method, _ in documented_routes(app) if method in CHANGING}
    assert changing == DEEDS.keys() | NO_OPERATORS_ACTION
    assert all("operator" in ROUTES[endpoint] for endpoint in changing)


@pytest.fixture
def done(guarded: Guarded) -> list[dict[str, Any]]:
    """Entries of the log after every deed, in their order."""
    entries = []
    with (
        open_worker(guarded.url, headers={"Authorization": f"Bearer {guarded.tokens['worker']}"}),
        guarded.as_("operator") as api,
    ):
        _submitted(api)
        for make, _ in DEEDS.values():
            method, path, body = make(api)
            content = None if body is None else msgspec.json.encode(body)
            answer = api.request(method, path, content=content, headers=ANN)
            assert answer.is_success, (method, path, answer.text)
            (newest,) = api.get("/api/audit?limit=1").json()["entries"]
            entries.append(newest)
    return entries


def test_every_action_is_in_the_log_with_its_actor(
    done: list[dict[str, Any]], guarded: Guarded
) -> None:
    told = [(entry["actor"], entry["action"]) for entry in done]
    assert told == [("ann@example.org", action) for _, action in DEEDS.values()]
    with guarded.as_("viewer") as api:
        answer = api.get("/api/export/audit.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    numbers = [int(row["audit_id"]) for row in rows]
    assert numbers == list(range(len(rows), 0, -1))
    by_number = {row["audit_id"]: row for row in rows}
    for entry in done:
        row = by_number[str(entry["audit_id"])]
        assert (row["actor"], row["action"]) == (entry["actor"], entry["action"])
        assert row["job_ids"] == " ".join(entry.get("job_ids", []))
    assert [row["name"] for row in rows if row["action"] == "mark_added"] == ["'=v2"]


def test_log_is_printed_when_a_command_asks(done: list[dict[str, Any]], guarded: Guarded) -> None:
    environ = {"JOBHUB_HUB_URL": guarded.url, "JOBHUB_TOKEN": guarded.tokens["viewer"]}
    lines = run_jobhub("audit", "--limit", "5", environ=environ).output.splitlines()
    assert len(lines) == 6
    assert "ann@example.org" in lines[1]
    assert "user_removed" in lines[1]
    assert "name=eve" in lines[1]
    exported = run_jobhub("export", "audit", "-", environ=environ).output
    assert exported.startswith("audit_id,at,actor,action,")
