"""`jobhub user`: people are added with a password that stays here, listed and removed."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx

from hub.passwords import password_matches
from tests.cli.conftest import Jobhub
from tests.support.processes import Server, clean_environ


def add(hub: Server, *args: str, password: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", "user", "add", *args, "--password-stdin"],
        input=password + "\n",
        capture_output=True,
        text=True,
        env={**clean_environ(), "JOBHUB_HUB_URL": hub.url},
        timeout=60,
    )


def test_user_is_there_until_removed(hub: Server, api: httpx.Client, jobhub: Jobhub) -> None:
    added = add(hub, "ann", "--role", "operator", password="correct horse battery")
    assert added.stdout == "ann signs in as operator\n"
    stored = api.get("/api/users/ann").json()["password_hash"]
    assert password_matches("correct horse battery", stored)
    assert jobhub("user", "add", "bob", "--role", "viewer", "--no-password").status == 0
    users = json.loads(jobhub("user", "list", "--json").output)
    assert [(user["name"], user["role"]) for user in users] == [
        ("ann", "operator"),
        ("bob", "viewer"),
    ]
    assert "ann" in jobhub("user", "list").output
    assert jobhub("user", "remove", "ann").output == "ann is removed\n"
    assert jobhub("user", "remove", "ann").errors == "jobhub: name: no user ann\n"


def test_user_is_refused_when_the_password_is_short(hub: Server, api: httpx.Client) -> None:
    refused = add(hub, "ann", "--role", "viewer", password="short")
    assert refused.returncode == 2
    assert "10 to 200 characters" in refused.stderr
    assert api.get("/api/users").json() == {"users": []}
