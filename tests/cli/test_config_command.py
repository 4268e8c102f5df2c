"""`jobhub config`: what is in force, who set it, and what a mistake looks like."""

from __future__ import annotations

import json

import pytest

from hub.config import Settings, variable
from tests.support.commands import run_jobhub


def _settings(*args: str, **environ: str) -> dict[str, dict[str, object]]:
    ended = run_jobhub("config", "--json", *args, environ=environ)
    assert ended.status == 0, ended.errors
    return {item["name"]: item for item in json.loads(ended.output)}


def test_every_setting_is_shown_with_its_source() -> None:
    shown = _settings("--port", "9000", JOBHUB_LEASE_S="20")
    assert list(shown) == [variable(name) for name in Settings.__struct_fields__]
    assert shown["JOBHUB_PORT"]["source"] == "flag"
    assert shown["JOBHUB_LEASE_S"] == {
        "name": "JOBHUB_LEASE_S",
        "value": 20.0,
        "source": "environment",
    }
    assert shown["JOBHUB_NAMESPACE"]["source"] == "default"
    assert shown["JOBHUB_HUB_URL"]["value"] == "http://127.0.0.1:9000"
    assert shown["JOBHUB_HUB_URL"]["source"] == "derived"


def test_flag_wins_when_the_variable_is_set_too() -> None:
    assert _settings("--port", "9000", JOBHUB_PORT="7000")["JOBHUB_PORT"]["value"] == 9000


def test_secrets_are_masked_when_they_are_set() -> None:
    ended = run_jobhub(
        "config", environ={"JOBHUB_TOKEN": "hush", "REDIS_URL": "redis://:hush@example:6379/0"}
    )
    assert ended.status == 0
    assert "hush" not in ended.output
    assert "redis://****@example:6379/0" in ended.output


@pytest.mark.parametrize(
    ("args", "environ", "named"),
    [
        (("--port", "x"), {}, "--port: must be a whole number"),
        (("--port", "70000"), {}, "--port: must be at most 65535"),
        ((), {"JOBHUB_PORT": "x"}, "JOBHUB_PORT: "),
        ((), {"JOBHUB_PROT": "1"}, "did you mean JOBHUB_PORT?"),
        (("--fsync", "never"), {}, "--fsync: there is no choice 'never'"),
        (("--lease-s", "0"), {}, "--lease-s: must be above 0"),
        (("--stats-broadcast", "maybe"), {}, "--stats-broadcast: must be on or off"),
        (("--namespace", "a b"), {}, "--namespace: takes letters"),
        (("--host", "0.0.0.0"), {}, "--host: "),
        (("--heartbeat-s", "60"), {}, "--heartbeat-s: "),
        (("--nonsense",), {}, "--nonsense"),
    ],
    ids=lambda value: str(value),
)
def test_mistake_is_named_with_status_2_when_a_setting_is_wrong(
    args: tuple[str, ...], environ: dict[str, str], named: str
) -> None:
    ended = run_jobhub("config", *args, environ=environ)
    assert ended.status == 2
    assert named in ended.errors.splitlines()[-1]
