"""Operator actions against a real hub."""

from __future__ import annotations

import httpx
import pytest

from dashboard import ids
from dashboard.actions import Action, perform
from dashboard.app import create_app
from dashboard.config import read_config
from dashboard.hub_client import HubApi
from hub.config import load_settings
from tests.support.processes import Server


@pytest.fixture
def hub_api(hub: Server) -> HubApi:
    return HubApi(hub.url)


def submit(api: httpx.Client) -> str:
    job_id: str = api.post("/api/jobs", json={"job_type": "a/b:c"}).json()["job_id"]
    return job_id


def test_others_are_cancelled_when_one_is_refused(hub_api: HubApi, api: httpx.Client) -> None:
    first, second = submit(api), submit(api)
    api.post(f"/api/jobs/{first}/cancel")
    targets = [first, "nobody", second]
    outcome = perform(hub_api, Action(id="1", name="cancel_job", targets=targets))
    assert api.get(f"/api/jobs/{second}").json()["status"] == "cancelled"
    assert outcome.done + len(outcome.failures) == 3
    assert any(failure.startswith("nobody: ") for failure in outcome.failures)


def test_queue_is_paused_when_its_name_has_slashes(hub_api: HubApi, api: httpx.Client) -> None:
    submit(api)
    outcome = perform(hub_api, Action(id="1", name="pause_queue", targets=["a/b:c"]))
    assert outcome.done == 1
    [queue] = api.get("/api/queues").json()["queues"]
    assert queue["paused"] is True


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"id": "1", "name": "cancel_job", "targets": []}, "targets"),
        ({"id": "1", "name": "cancel_job", "targets": ["x"] * 501}, "targets"),
        ({"id": "1", "name": "cancel_job", "targets": ["x"], "token": "y"}, "token"),
        ({"id": "1", "name": "cancel_job", "targets": "x"}, "targets"),
        ({"id": "1", "name": "shut_down", "targets": ["x"]}, "name"),
        ("cancel_job", None),
    ],
)
def test_action_is_refused_with_the_field_when_the_page_sends_another_shape(
    data: object, field: str | None
) -> None:
    call = {
        "output": f"{ids.ACTION_RESULT}.data",
        "outputs": {"id": ids.ACTION_RESULT, "property": "data"},
        "inputs": [{"id": ids.ACTION, "property": "data", "value": data}],
        "changedPropIds": [f"{ids.ACTION}.data"],
    }
    app = create_app(read_config(load_settings({}, {"hub_url": "http://127.0.0.1:1"})))
    with app.server.test_client() as browser:
        answer = browser.post(
            "/_dash-update-component", json=call, headers={"Origin": "http://localhost"}
        )
        assert (answer.status_code, answer.json.get("field")) == (422, field)


def test_export_is_streamed_as_the_hub_wrote_it_when_asked(hub: Server, api: httpx.Client) -> None:
    job_id = submit(api)
    settings = load_settings({}, {"hub_url": hub.url})
    with create_app(read_config(settings)).server.test_client() as browser:
        answer = browser.get("/export/jobs.csv?status=pending")
        assert answer.get_data(as_text=True) == api.get("/api/export/jobs.csv?status=pending").text
        assert job_id in answer.get_data(as_text=True)
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert "attachment" in answer.headers["Content-Disposition"]
        assert browser.get("/export/jobs.csv?colour=red").status_code == 422
        assert browser.get("/export/tokens.csv").mimetype == "text/html"  # no such file: a page
