"""Which requests the dashboard refuses, and what its answers carry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.config import read_config
from dashboard.people import require_people
from hub.config import load_settings
from hub.errors import InvalidInput
from tests.support.processes import Server

CALLBACK = "/_dash-update-component"


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of a dashboard whose hub does not run."""
    settings = load_settings(
        {},
        {
            "hub_url": "http://127.0.0.1:1",
            "presets": ["Here=http://127.0.0.1:1", "Far=https://hub.example"],
        },
    )
    with create_app(read_config(settings)).server.test_client() as client:
        yield client


def test_request_is_refused_when_its_host_is_foreign(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert "evil.example" in answer.json["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_callback_is_refused_when_another_page_calls_it(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.post(CALLBACK, json={}, headers=headers)
    assert answer.status_code == 403


def test_callback_is_taken_when_our_own_page_calls_it(client: FlaskClient) -> None:
    answer = client.post(CALLBACK, data="{", headers={"Origin": "http://localhost"})
    assert answer.status_code != 403


def test_policy_allows_our_scripts_and_the_presets_only_when_a_page_loads(
    client: FlaskClient,
) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["connect-src"] == "'self' ws://127.0.0.1:1 wss://hub.example"
    assert "unsafe" not in rules["script-src"]
    assert rules["frame-ancestors"] == "'none'"
    assert "http:" not in policy.replace("ws://", "").replace("wss://", "")


def test_nothing_is_loaded_from_elsewhere_when_a_page_loads(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert "https://" not in page
    assert '<html lang="en">' in page


def test_every_asset_exists_when_the_page_names_it(client: FlaskClient) -> None:
    import re

    page = client.get("/").get_data(as_text=True)
    urls = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(urls) > 10
    for url in urls:
        assert client.get(url).status_code == 200, url


def test_page_is_never_kept_by_browsers(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_body_is_refused_when_it_is_over_the_limit(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost"}
    assert client.post(CALLBACK, data=b"0" * 3_000_000, headers=headers).status_code == 413


def test_dashboard_is_refused_when_everybody_could_reach_it(hub: Server) -> None:
    settings = load_settings({}, {"host": "0.0.0.0", "token": "secret", "hub_url": hub.url})
    with pytest.raises(InvalidInput, match="jobhub user add") as refused:
        require_people(read_config(settings))
    assert refused.value.field == "JOBHUB_HOST"


@pytest.mark.parametrize("preset", ["http://h:1", "=http://h:1", "Name=", "Name=ftp://h"])
def test_preset_is_refused_when_it_is_not_a_name_and_a_url(preset: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_config(load_settings({}, {"presets": [preset]}))
    assert refused.value.field == "JOBHUB_PRESETS"
