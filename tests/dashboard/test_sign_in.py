"""Who may come in, what a viewer may not do, and in whose name an operator acts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from dashboard.addresses import address_of, read_proxies
from dashboard.app import create_app
from dashboard.config import read_config
from dashboard.throttle import Throttle
from hub.config import load_settings
from hub.errors import InvalidInput
from hub.passwords import hash_password, password_matches
from tests.support.roles import ROOT_TOKEN, Guarded, guarded_hub

PASSWORD = "correct horse battery"
OURS = {"Origin": "http://localhost"}
CALLBACK = "/_dash-update-component"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def guarded(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Guarded]:
    with guarded_hub(redis_url, namespace, tmp_path) as hub:
        yield hub


@pytest.fixture
def root(guarded: Guarded, password_hash: str) -> Iterator[httpx.Client]:
    """The hub's API; ann is an operator, vic a viewer, and bob's proxy knows him."""
    with guarded.client(ROOT_TOKEN) as client:
        for name, role in (("ann", "operator"), ("vic", "viewer")):
            user = {"name": name, "role": role, "password_hash": password_hash}
            assert client.post("/api/users", json=user).status_code == 200
        client.post("/api/users", json={"name": "bob", "role": "operator"})
        yield client


def browser_of(hub_url: str, **flags: Any) -> FlaskClient:
    settings = load_settings({}, {"hub_url": hub_url, "token": ROOT_TOKEN, **flags})
    return create_app(read_config(settings)).server.test_client()


@pytest.fixture
def visitor(root: httpx.Client) -> Iterator[FlaskClient]:
    with browser_of(str(root.base_url)) as visitor:
        yield visitor


def sign_in(visitor: FlaskClient, name: str, password: str = PASSWORD) -> Any:
    form = {"name": name, "password": password}
    return visitor.post("/sign-in", data=form, headers=OURS)


def press(visitor: FlaskClient, name: str, target: str) -> Any:
    """Press a button of a page, as Dash's callback is called."""
    action = {"id": "operator-action", "property": "data"}
    result = "operator-action-result"
    body = {
        "output": f"{result}.data",
        "outputs": {"id": result, "property": "data"},
        "inputs": [{**action, "value": {"id": "1", "name": name, "targets": [target]}}],
        "changedPropIds": ["operator-action.data"],
    }
    answer = visitor.post(CALLBACK, json=body, headers=OURS)
    assert answer.status_code == 200, answer.text
    return answer.json["response"][result]["data"]


def job_of(root: httpx.Client) -> str:
    job_id: str = root.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
    return job_id


def test_nothing_is_shown_when_nobody_signed_in(visitor: FlaskClient) -> None:
    page = visitor.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Location"]) == (302, "/sign-in")
    for rule in visitor.application.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "jobs", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            if path in ("/healthz", "/sign-in", "/sign-out") or path.startswith("/assets/"):
                continue
            headers = {**OURS, "Accept": "application/json"}
            answer = visitor.open(path, method=method, headers=headers)
            assert answer.status_code == 401, (method, path)


def test_person_comes_in_and_leaves_when_the_password_is_right(visitor: FlaskClient) -> None:
    answer = sign_in(visitor, "ann")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert json.dumps("ann · operator") in json.dumps(visitor.get("/_dash-layout").json)
    assert visitor.post("/sign-out", headers=OURS).status_code == 303
    assert visitor.get("/_dash-layout").status_code == 401


def test_cookie_is_for_https_only_when_the_dashboard_is_on_https(root: httpx.Client) -> None:
    flags = {"allowed_origins": ["https://jobs.example"]}
    with browser_of(str(root.base_url), **flags) as visitor:
        assert "Secure" in sign_in(visitor, "ann").headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password"),
    [("ann", "wrong"), ("nobody", PASSWORD), ("bob", ""), ("", ""), ("../ann", PASSWORD)],
)
def test_person_stays_out_when_name_or_password_is_wrong(
    visitor: FlaskClient, name: str, password: str
) -> None:
    answer = sign_in(visitor, name, password)
    assert answer.status_code == 401
    assert "Name or password is wrong" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert visitor.get("/_dash-layout").status_code == 401


def test_attempts_are_refused_when_too_many_failed(visitor: FlaskClient) -> None:
    for _ in range(5):
        assert sign_in(visitor, "ann", "wrong").status_code == 401
    refused = sign_in(visitor, "ann")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "300")


def test_attempts_of_another_address_are_taken_when_a_trusted_proxy_names_it(
    root: httpx.Client,
) -> None:
    def attempt(visitor: FlaskClient, forwarded: str, password: str = "wrong") -> int:
        form = {"name": "ann", "password": password}
        headers = {**OURS, "X-Forwarded-For": forwarded}
        status: int = visitor.post("/sign-in", data=form, headers=headers).status_code
        return status

    with browser_of(str(root.base_url), trusted_proxies=["127.0.0.1", "10.0.0.0/8"]) as visitor:
        for number in range(5):  # what stands before the last entry is the attacker's own word
            assert attempt(visitor, f"203.0.113.{number}, 198.51.100.7") == 401
        assert attempt(visitor, "198.51.100.7") == 429
        assert attempt(visitor, "192.0.2.1, 10.1.2.3", PASSWORD) == 303
    with browser_of(str(root.base_url)) as visitor:
        for number in range(5):
            assert attempt(visitor, f"203.0.113.{number}") == 401
        assert attempt(visitor, "192.0.2.1", PASSWORD) == 429


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "evil, 192.0.2.1,10.0.0.2", "192.0.2.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "192.0.2.1, unknown", "10.0.0.1"),
        ("192.0.2.9", "192.0.2.1", "192.0.2.9"),
        (None, "192.0.2.1", ""),
    ],
)
def test_address_is_that_of_the_last_who_is_no_proxy_of_ours(
    peer: str | None, forwarded: str, found: str
) -> None:
    assert address_of(peer, forwarded, read_proxies(["10.0.0.0/8"])) == found


def test_setting_is_named_when_a_proxy_is_no_address() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_config(load_settings({"JOBHUB_TRUSTED_PROXIES": "proxy.example"}))
    assert refused.value.field == "JOBHUB_TRUSTED_PROXIES"


def test_attempts_are_taken_again_when_five_minutes_passed() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    assert [throttle.begin({"ann": 2}) for _ in range(3)] == [True, True, False]
    now[0] = 301.0
    assert throttle.begin({"ann": 2})
    throttle.forgive({"ann": 2})
    assert [throttle.begin({"ann": 2}) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}])
def test_form_is_refused_when_another_page_sends_it(
    visitor: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    form = {"name": "ann", "password": PASSWORD}
    assert visitor.post(path, data=form, headers=headers).status_code == 403


def test_cookie_is_refused_when_somebody_else_signed_it(
    visitor: FlaskClient, root: httpx.Client
) -> None:
    (ann, *_) = root.get("/api/users").json()["users"]
    settings = load_settings({}, {"token": "another", "hub_url": str(root.base_url)})
    signer = create_app(read_config(settings)).server
    serializer = SecureCookieSessionInterface().get_signing_serializer(signer)
    assert serializer is not None
    forged = {"name": "ann", "changed_at": ann["changed_at"], "_permanent": True}
    visitor.set_cookie("jobhub_session", serializer.dumps(forged))
    assert visitor.get("/_dash-layout").status_code == 401


def test_viewer_sees_everything_and_changes_nothing(
    visitor: FlaskClient, root: httpx.Client
) -> None:
    sign_in(visitor, "vic")
    job_id = job_of(root)
    assert "is-viewer" in visitor.get("/_dash-layout").text
    assert job_id in visitor.get("/export/jobs.csv").text
    assert visitor.post("/live/ticket", headers=OURS).json["ticket"]
    outcome = press(visitor, "cancel_job", job_id)
    assert (outcome["done"], outcome["failures"]) == (0, ["a viewer changes nothing"])
    for path, body in [
        ("/hub/jobs/bulk", {"action": "cancel", "ids": [job_id]}),
        ("/hub/jobs", {"job_type": "demo"}),
    ]:
        refused = visitor.post(path, json=body, headers=OURS)
        assert refused.json["status"] == 403, path
    changed = visitor.patch(f"/hub/jobs/{job_id}", json={"priority": 1}, headers=OURS)
    assert changed.json["status"] == 403
    assert root.get(f"/api/jobs/{job_id}").json()["rev"] == 1


def test_operator_acts_under_the_own_name(visitor: FlaskClient, root: httpx.Client) -> None:
    sign_in(visitor, "ann")
    job_id = job_of(root)
    assert "is-viewer" not in visitor.get("/_dash-layout").text
    assert press(visitor, "cancel_job", job_id)["done"] == 1
    (entry,) = root.get("/api/audit", params={"limit": 1}).json()["entries"]
    assert (entry["actor"], entry["job_ids"]) == ("ann", [job_id])


def test_session_ends_when_the_user_is_removed_or_changed(
    root: httpx.Client, password_hash: str
) -> None:
    for change in ("remove", "password"):
        with browser_of(str(root.base_url)) as visitor:
            sign_in(visitor, "ann")
            assert visitor.get("/_dash-layout").status_code == 200
            cookie = visitor.get_cookie("jobhub_session")
            assert cookie is not None
        if change == "remove":
            root.delete("/api/users/ann")
        user = {"name": "ann", "role": "operator", "password_hash": password_hash}
        root.post("/api/users", json=user)
        with browser_of(str(root.base_url)) as later:  # a dashboard that has read the users since
            later.set_cookie("jobhub_session", cookie.value)
            assert later.get("/_dash-layout").status_code == 401


@pytest.mark.parametrize(
    ("name", "status", "viewer"),
    [("bob", 200, False), ("stranger@example.org", 200, True), ("", 403, None), ("a b", 403, None)],
)
def test_proxy_names_the_person_when_its_header_is_trusted(
    root: httpx.Client, name: str, status: int, viewer: bool | None
) -> None:
    with browser_of(str(root.base_url), trusted_user_header="X-Forwarded-User") as visitor:
        answer = visitor.get("/_dash-layout", headers={"X-Forwarded-User": name})
        assert answer.status_code == status
        assert viewer is None or ("is-viewer" in answer.text) == viewer


def test_header_is_not_looked_at_when_no_proxy_is_trusted(visitor: FlaskClient) -> None:
    answer = visitor.get("/_dash-layout", headers={"X-Forwarded-User": "bob"})
    assert answer.status_code == 401


def test_password_matches_only_itself(password_hash: str) -> None:
    assert PASSWORD not in password_hash
    assert password_hash != hash_password(PASSWORD)
    assert password_matches(PASSWORD, password_hash)
    assert not password_matches(PASSWORD + " ", password_hash)
    assert not password_matches("", None)
