"""Nobody does what the role may not: every role on every route and every socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast, get_args

import pytest
from websockets.exceptions import ConnectionClosed

from hub import messages
from hub.app import create_app, create_hub
from hub.config import Settings
from hub.redis_service import RedisService
from hub.roles import EVERYBODY, MESSAGES, ROLES, ROUTES, Caller, Role
from tests.support.roles import Guarded
from tests.support.sockets import open_socket
from tests.support.state import read_state

UNIONS = {
    "monitor": messages.MonitorMessage,
    "worker": messages.WorkerMessage,
    "client": messages.ClientMessage,
}


@pytest.fixture
def routes(settings: Settings, redis_url: str) -> list[tuple[str, str, str]]:
    """Every route as (method, path, endpoint), ids filled in."""

    def find() -> Iterator[tuple[str, str, str]]:
        for rule in create_app(create_hub(settings, redis_url)).url_map.iter_rules():
            path = re.sub(r"<[^>]+>", "nobody", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                if not rule.websocket:
                    yield method, path, rule.endpoint

    return list(find())


def test_every_route_and_no_other_is_in_the_table(routes: list[tuple[str, str, str]]) -> None:
    assert sorted({endpoint for _, _, endpoint in routes}) == sorted(ROUTES)


def test_every_message_and_no_other_is_in_the_table() -> None:
    for socket, union in UNIONS.items():
        kinds = {shape.__struct_config__.tag for shape in get_args(union)} | {"auth"}
        assert kinds == set(MESSAGES[socket])


def test_route_is_refused_when_the_role_may_not(
    guarded: Guarded, routes: list[tuple[str, str, str]], service: RedisService
) -> None:
    before = read_state(service)
    for role in ROLES:
        with guarded.as_(role) as client:
            for method, path, endpoint in routes:
                answer = client.request(method, path)
                refused = answer.status_code == 403
                assert refused == (role not in ROUTES[endpoint]), (role, method, path)
    after = read_state(service)
    before.pop("tokens"), after.pop("tokens")  # the last uses
    # An operator makes a ticket by asking for one; nothing else has changed.
    assert {key for key in after if not key.startswith("ticket:")} == {*before}


def test_route_is_refused_when_there_is_no_token(
    guarded: Guarded, routes: list[tuple[str, str, str]]
) -> None:
    for token in (None, "wrong", "jobhub_the-operator.wrong", "jobhub_used the-viewer.x"):
        with guarded.client(token) as client:
            for method, path, endpoint in [*routes, ("GET", "/api/nowhere", "")]:
                answer = client.request(method, path)
                open_to_all = ROUTES.get(endpoint) is EVERYBODY
                assert (answer.status_code == 401) != open_to_all, (token, method, path)


@pytest.mark.parametrize("bearer", [True, False])
def test_socket_is_closed_when_the_role_may_not_send_its_messages(
    guarded: Guarded, bearer: bool
) -> None:
    for socket, union in UNIONS.items():
        kind = get_args(union)[0].__struct_config__.tag
        for role, token in guarded.tokens.items():
            headers = {"Authorization": f"Bearer {token}"} if bearer else None
            with open_socket(guarded.url, f"/ws/{socket}", additional_headers=headers) as peer:
                if not bearer:
                    peer.send("auth", token=token)
                if Caller("x", cast(Role, role), "x").may_open(socket):
                    assert peer.ask(kind)["code"] == "invalid"  # it lacks fields, but was heard
                    continue
                assert peer.receive()["code"] == "forbidden", (role, socket)
                with pytest.raises(ConnectionClosed) as closed:
                    peer.receive()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4503


def test_ticket_of_an_operator_is_refused_when_a_viewer_asks_for_it(guarded: Guarded) -> None:
    with guarded.as_("viewer") as viewer:
        answer = viewer.post("/api/tickets", json={"role": "operator"})
        assert (answer.status_code, answer.json()["field"]) == (403, "role")


@pytest.mark.parametrize("socket", ["worker", "client"])
def test_ticket_is_refused_when_it_is_for_another_socket_than_a_monitor(
    guarded: Guarded, socket: str
) -> None:
    with guarded.as_("operator") as operator:
        ticket = operator.post("/api/tickets", json={"role": "operator"}).json()["ticket"]
    with open_socket(guarded.url, f"/ws/{socket}") as peer:
        assert peer.ask("auth", ticket=ticket)["code"] == "unauthenticated"


def test_ticket_is_refused_when_it_was_used(guarded: Guarded) -> None:
    with guarded.as_("viewer") as viewer:
        ticket = viewer.post("/api/tickets").json()["ticket"]
    with open_socket(guarded.url, "/ws/monitor") as monitor:
        monitor.send("auth", ticket=ticket)
        monitor.send("monitor_connect", monitor_id="m1")
        assert monitor.ask("subscribe", topics=["jobs"])["type"] == "subscription_confirmed"
    with open_socket(guarded.url, "/ws/monitor") as thief:
        assert thief.ask("auth", ticket=ticket)["code"] == "unauthenticated"


def test_ticket_ends_by_itself_when_it_is_not_used(guarded: Guarded, service: RedisService) -> None:
    with guarded.as_("viewer") as viewer:
        ticket = viewer.post("/api/tickets").json()["ticket"]
    assert 0 < service.redis.ttl(service.keys.of("ticket", ticket)) <= 30


def test_job_does_not_exist_for_a_client_when_another_submitted_it(guarded: Guarded) -> None:
    with guarded.as_("operator") as operator, guarded.as_("client") as client:
        theirs = operator.post("/api/jobs", json={"job_type": "demo"}).json()
        mine = client.post("/api/jobs", json={"job_type": "demo"}).json()
        assert (theirs["submitted_by"], mine["submitted_by"]) == ("the-operator", "the-client")
        for method, below in [
            ("GET", ""),
            ("GET", "/history"),
            ("GET", "/log"),
            ("GET", "/position"),
            ("GET", "/result"),
            ("POST", "/cancel"),
        ]:
            same_id = {"X-Request-ID": "r1"}
            refused = client.request(
                method, f"/api/jobs/{theirs['job_id']}{below}", headers=same_id
            )
            assert refused.status_code == 404, below
            unknown = client.request(method, f"/api/jobs/nosuchjob{below}", headers=same_id)
            same = unknown.text.replace("nosuchjob", theirs["job_id"])
            assert refused.text == same, below
            if method == "GET":
                found = client.get(f"/api/jobs/{mine['job_id']}{below}")
                assert found.status_code < 300, below
        listed = [job["job_id"] for job in client.get("/api/jobs").json()["jobs"]]
        assert listed == [mine["job_id"]]
        assert theirs["job_id"] not in client.get("/api/export/jobs.csv").text
        asked = client.get("/api/jobs", params={"submitted_by": "the-operator"})
        assert (asked.status_code, asked.json()["field"]) == (403, "submitted_by")
        assert client.post(f"/api/jobs/{mine['job_id']}/cancel").status_code == 200


def test_job_is_not_followed_by_a_client_when_another_submitted_it(guarded: Guarded) -> None:
    with guarded.as_("operator") as operator:
        job_id = operator.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
    bearer = {"Authorization": f"Bearer {guarded.tokens['client']}"}
    with open_socket(guarded.url, "/ws/client", additional_headers=bearer) as client:
        for kind in ("follow", "cancel"):
            assert client.ask(kind, job_id=job_id)["code"] == "not_found"
        own = client.ask("submit", job_type="demo")["job"]
        assert own["submitted_by"] == "the-client"
        assert client.ask("cancel", job_id=own["job_id"])["type"] == "cancelled"


def test_actor_is_heard_only_when_an_operator_names_one(guarded: Guarded) -> None:
    with guarded.as_("operator") as operator, guarded.as_("client") as client:
        first = client.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
        second = client.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
        headers = {"Jobhub-Actor": "ann@example.org"}
        operator.post(f"/api/jobs/{first}/cancel", headers=headers)
        client.post(f"/api/jobs/{second}/cancel", headers=headers)
        entries = operator.get("/api/audit", params={"limit": 2}).json()["entries"]
        assert [entry["actor"] for entry in entries] == ["the-client", "ann@example.org"]
        forged = operator.post(f"/api/jobs/{second}/retry", headers={"Jobhub-Actor": "a\tb"})
        assert (forged.status_code, forged.json()["field"]) == (422, "Jobhub-Actor")
