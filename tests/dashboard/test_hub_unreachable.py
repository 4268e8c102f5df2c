"""A hub that is down gives a clear page, never a stack trace."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from dashboard.actions import Action, perform
from dashboard.app import create_app
from dashboard.config import read_config
from dashboard.hub_client import HubApi
from hub.config import load_settings

HUB = "http://127.0.0.1:1"  # nobody listens there


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    settings = load_settings({}, {"hub_url": HUB})
    with create_app(read_config(settings)).server.test_client() as client:
        yield client


def test_page_says_so_when_the_hub_is_down(client: FlaskClient) -> None:
    client.get("/")
    answer = client.get("/_dash-layout")
    assert answer.status_code == 200
    text = json.dumps(answer.json)
    assert "No connection to the hub" in text
    assert f"The hub at {HUB} cannot be reached" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("path", ["/export/jobs.csv", "/export/metrics.csv", "/live/series"])
def test_route_answers_502_when_the_hub_is_down(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 502
    assert answer.json["code"] == "hub_unreachable"


def test_snapshot_is_null_when_the_hub_is_down(client: FlaskClient) -> None:
    answer = client.get(f"/live/snapshot?hub={HUB}")
    assert (answer.status_code, answer.json) == (200, None)


def test_action_says_so_once_a_target_when_the_hub_is_down() -> None:
    outcome = perform(HubApi(HUB), Action(id="1", name="cancel_job", targets=["a"]))
    assert outcome.done == 0
    assert outcome.failures == [outcome.failures[0]]
    assert "cannot be reached" in outcome.failures[0]
