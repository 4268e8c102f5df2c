"""What pages ask about jobs: passed on to a real hub, refusals as answers, nothing else let through."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.config import read_config
from dashboard.hub_client import HubApi
from dashboard.job_routes import register_job_routes
from dashboard.person import Person
from hub.config import load_settings
from tests.support.processes import Server

OURS = {"Origin": "http://localhost"}


def browser_of(hub_url: str) -> FlaskClient:
    return create_app(read_config(load_settings({}, {"hub_url": hub_url}))).server.test_client()


@pytest.fixture
def browser(hub: Server) -> Iterator[FlaskClient]:
    with browser_of(hub.url) as browser:
        yield browser


def submit(api: httpx.Client, **fields: object) -> str:
    job_id: str = api.post("/api/jobs", json={"job_type": "mail", **fields}).json()["job_id"]
    return job_id


def test_list_is_that_of_the_hub_when_filtered(browser: FlaskClient, api: httpx.Client) -> None:
    submit(api, priority=10)
    urgent = submit(api, priority=90)
    answer = browser.get("/hub/jobs?status=pending,failed&priority_min=50&limit=5").json
    assert answer["status"] == 200
    assert [job["job_id"] for job in answer["body"]["jobs"]] == [urgent]


def test_refusal_is_an_answer_when_the_hub_does_not_take_the_filter(browser: FlaskClient) -> None:
    answer = browser.get("/hub/jobs?priority_min=300")
    assert (
        answer.status_code == 200
    )  # else the browser's console would call it an error of the page
    assert answer.json["status"] == 422
    assert answer.json["body"]["field"] == "priority_min"


def test_job_is_changed_when_our_page_asks(browser: FlaskClient, api: httpx.Client) -> None:
    job_id = submit(api)
    changed = browser.patch(f"/hub/jobs/{job_id}", json={"priority": 7}, headers=OURS).json
    assert changed["body"]["priority"] == 7
    body = {"action": "cancel", "ids": [job_id], "dry_run": True}
    assert browser.post("/hub/jobs/bulk", json=body, headers=OURS).json["body"]["changed"] == 1
    for what in ("history", "log", "position", "match"):
        assert browser.get(f"/hub/jobs/{job_id}/{what}").json["body"]["job_id"] == job_id


def test_nothing_is_changed_when_another_site_asks(browser: FlaskClient, api: httpx.Client) -> None:
    job_id = submit(api)
    theirs = {"Origin": "http://evil.example"}
    body = {"action": "cancel", "ids": [job_id]}
    assert browser.post("/hub/jobs/bulk", json=body, headers=theirs).status_code == 403
    assert browser.patch(f"/hub/jobs/{job_id}", json={"priority": 7}).status_code == 403
    job = api.get(f"/api/jobs/{job_id}").json()
    assert (job["status"], job["priority"]) == ("pending", 50)


@pytest.mark.parametrize("path", ["/hub/tokens", "/hub/jobs/x/cancel", "/hub/jobs/..%2Ftokens/log"])
def test_other_paths_of_the_hub_stay_closed_when_asked_for(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.mimetype == "text/html" or answer.json["status"] == 404


def test_answer_says_so_when_the_hub_is_down() -> None:
    with browser_of("http://127.0.0.1:1") as browser:
        answer = browser.get("/hub/jobs").json
        assert answer["status"] == 502
        assert "cannot be reached" in answer["body"]["detail"]


def test_nothing_is_changed_when_a_viewer_asks(hub: Server, api: httpx.Client) -> None:
    job_id = submit(api)
    server = Flask("viewers")
    register_job_routes(server, HubApi(hub.url, asking=lambda: Person("ann", "viewer")))
    with server.test_client() as browser:
        body = {"action": "cancel", "ids": [job_id]}
        assert browser.post("/hub/jobs/bulk", json=body).json["status"] == 403
        assert browser.get(f"/hub/jobs/{job_id}").json["body"]["status"] == "pending"
