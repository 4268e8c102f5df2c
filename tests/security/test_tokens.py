"""Tokens: shown once, kept as digests, ended at once."""

from __future__ import annotations

import hmac
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import httpx
import msgspec
import pytest

from dashboard.config import read_config
from hub.access import Access
from hub.config import Settings, load_settings
from hub.errors import InvalidInput
from hub.redis_service import RedisService
from hub.roles import ROOT
from hub.tokens import TokenRequest, Tokens
from tests.support.commands import run_jobhub
from tests.support.roles import ROOT_TOKEN, Guarded
from tests.support.state import read_state


def test_secret_is_nowhere_in_redis_when_a_token_was_made(
    guarded: Guarded, service: RedisService
) -> None:
    kept = repr(read_state(service)) + repr(service.redis.hgetall(service.keys.key("tokens")))
    for token in guarded.tokens.values():
        assert token.rpartition(".")[2] not in kept


def test_token_works_until_it_is_revoked(guarded: Guarded) -> None:
    def run(*args: str) -> Any:
        return run_jobhub(
            "token", *args, environ={"JOBHUB_HUB_URL": guarded.url, "JOBHUB_TOKEN": ROOT_TOKEN}
        )

    made = run("create", "--role", "viewer", "--name", "wall-board")
    assert made.status == 0
    with guarded.client(made.output.strip()) as viewer:
        assert viewer.get("/api/stats").status_code == 200
        (listed,) = (
            token
            for token in json.loads(run("list", "--json").output)
            if token["name"] == "wall-board"
        )
        assert (listed["role"], listed["created_by"]) == ("viewer", "root")
        assert listed["last_used_at"] >= listed["created_at"]
        assert "wall-board" in run("list").output
        assert run("create", "--role", "viewer", "--name", "wall-board").status == 1
        assert run("revoke", "wall-board").output == "wall-board is revoked\n"
        assert viewer.get("/api/stats").status_code == 401
        assert run("revoke", "wall-board").errors == "jobhub: name: no token wall-board\n"
    with guarded.as_("operator") as operator:
        actions = [entry["action"] for entry in operator.get("/api/audit").json()["entries"]]
        assert actions[:2] == ["token_revoked", "token_created"]


def test_hub_closes_when_its_first_token_is_made_on_loopback(api: httpx.Client) -> None:
    assert api.get("/api/stats").status_code == 200
    early = api.post("/api/tokens", json={"name": "w", "role": "worker"})
    assert (early.status_code, early.json()["field"]) == (422, "role")
    made = api.post("/api/tokens", json={"name": "ann", "role": "operator"}).json()
    assert api.get("/api/stats").status_code == 401
    api.headers["Authorization"] = f"Bearer {made['token']}"
    assert api.post("/api/tokens", json={"name": "w", "role": "worker"}).status_code == 201
    last = api.delete("/api/tokens/ann")
    assert (last.status_code, last.json()["code"]) == (409, "last_operator")


@pytest.mark.parametrize("name", ["", "a b", "root", "anonymous", "x" * 65, "a\n", "a/b", "ü"])
def test_token_is_refused_when_its_name_is_wrong(guarded: Guarded, name: str) -> None:
    with guarded.client(ROOT_TOKEN) as root:
        answer = root.post("/api/tokens", json={"name": name, "role": "client"})
        assert (answer.status_code, answer.json()["field"]) == (422, "name")


@pytest.mark.parametrize("name", ["token", "access_token", "ticket", "authorization"])
def test_token_is_not_looked_at_when_it_is_in_a_url(guarded: Guarded, name: str) -> None:
    with guarded.client(None) as client:
        assert client.get("/api/stats", params={name: ROOT_TOKEN}).status_code == 401


def test_secrets_are_compared_in_constant_time(settings: Settings, service: RedisService) -> None:
    compared = 0

    def watch(_frame: FrameType, kind: str, function: Any) -> None:
        nonlocal compared
        compared += kind == "c_call" and function is hmac.compare_digest

    made = Tokens(service).create(
        TokenRequest(name="w", role="worker"), created_by="root", rooted=True
    )
    access = Access(msgspec.structs.replace(settings, token="r"), service)
    sys.setprofile(watch)
    try:
        root = access.identify_message("r", None, "worker")
        root_compared = compared
        worker = access.identify_message(made.token, None, "worker")
    finally:
        sys.setprofile(None)
    assert (root, worker.name) == (ROOT, "w")
    assert (root_compared, compared) == (1, 3)  # a token's digest after the root's token


@pytest.mark.parametrize(
    "variable", ["JOBHUB_ALLOWED_HOSTS", "JOBHUB_ALLOWED_ORIGINS", "JOBHUB_PUBLIC_HUB_URL"]
)
def test_hub_on_loopback_needs_a_token_when_a_proxy_lets_others_reach_it(variable: str) -> None:
    name = "jobs.example.com" if variable.endswith("HOSTS") else "https://jobs.example.com"
    with pytest.raises(InvalidInput) as refused:
        load_settings({variable: name})
    assert refused.value.field == "JOBHUB_TOKEN"
    settings = load_settings({variable: name, "JOBHUB_TOKEN": "x"})
    assert read_config(settings).public == (variable != "JOBHUB_PUBLIC_HUB_URL")
    assert not read_config(load_settings({"JOBHUB_HUB_URL": "https://jobs.example.com"})).public


def test_one_look_is_taken_whether_there_are_tokens_when_many_connect_at_once(
    service: RedisService,
) -> None:
    tokens = Tokens(service)
    assert tokens.any() is False
    tokens._any_until = 0.0  # a second later
    before = _looks(service)
    service.redis.execute_command("CLIENT", "PAUSE", "300", "ALL")
    with ThreadPoolExecutor(100) as crowd:
        known = list(crowd.map(lambda _: tokens.any(), range(1_000)))
    assert not any(known)
    assert _looks(service) - before <= 10  # one, and a few that came in the same moment


def _looks(service: RedisService) -> int:
    return int(service.redis.info("commandstats")["cmdstat_hlen"]["calls"])
