"""Attacks from the network and from other sites, each against a real hub or the dashboard's server."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from flask.testing import FlaskClient
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashboard.app import create_app as create_dashboard
from dashboard.config import read_config
from hub.app import create_app, create_hub
from hub.config import Settings, load_settings
from hub.http.openapi import documented_routes
from hub.limits import BODY_BYTES
from hub.redis_service import RedisService
from hub.ws.protocol import AUTH_WITHIN_S
from tests.support.processes import Server, hub_environ, serving
from tests.support.roles import Guarded
from tests.support.sockets import open_socket
from tests.support.state import read_state

SOCKETS = ("/ws/monitor", "/ws/worker", "/ws/client")
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
EVIL = "https://evil.example"


def test_socket_is_refused_when_another_site_or_name_opens_it(hub: Server) -> None:
    """Browsers let a page of any site open a WebSocket: only the hub can refuse it."""
    port = urlsplit(hub.url).port
    foreign = [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1.evil.example:{port}"},
        {"Host": f"evil.example:{port}"},
    ]
    for path in SOCKETS:
        for headers in foreign:
            assert upgrade_status(hub.url, path, headers) == 403, (path, headers)
        assert upgrade_status(hub.url, path, {}) == 101


def upgrade_status(hub_url: str, path: str, headers: dict[str, str]) -> int:
    """Ask for an upgrade by hand: client libraries set Host themselves."""
    address = urlsplit(hub_url)
    sent = {
        "Host": address.netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **headers,
    }
    with socket.create_connection((address.hostname or "", address.port or 0), 30) as link:
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(link.recv(64).split()[1])


def test_change_is_refused_on_every_route_when_another_site_asks_for_it(
    hub: Server, settings: Settings, redis_url: str, service: RedisService
) -> None:
    app = create_app(create_hub(settings, redis_url))
    routes = [
        (method, re.sub(r"<[^>]+>", "nobody", rule.rule))
        for rule, method, _ in documented_routes(app)
        if method in CHANGING
    ]
    assert len(routes) > 12
    with httpx.Client(base_url=hub.url, timeout=30) as client:
        assert client.post("/api/jobs", json={"job_type": "demo"}).status_code == 201
        before = read_state(service)
        for method, path in routes:
            answer = client.request(method, path, json={}, headers={"Origin": EVIL})
            assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused"), path
            assert "Access-Control-Allow-Origin" not in answer.headers
        assert read_state(service) == before


@pytest.fixture
def visitor() -> Iterator[FlaskClient]:
    """A client of a dashboard whose hub does not run."""
    settings = load_settings({}, {"hub_url": "http://127.0.0.1:1"})
    with create_dashboard(read_config(settings)).server.test_client() as client:
        yield client


def test_dashboard_takes_no_change_when_another_site_asks_for_it(visitor: FlaskClient) -> None:
    asked = 0
    for rule in visitor.application.url_map.iter_rules():
        for method in CHANGING & (rule.methods or set()):
            path = re.sub(r"<[^>]+>", "jobs", rule.rule)
            for headers in ({"Origin": EVIL}, {"Origin": "null"}, {}):
                assert visitor.open(path, method=method, headers=headers).status_code == 403, path
                asked += 1
    assert asked > 15


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../pyproject.toml",
        "/assets/..%2fpyproject.toml",
        "/assets/%2e%2e/pyproject.toml",
        "/assets/css/..%2f..%2f..%2fpyproject.toml",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/..\\pyproject.toml",
        "/_dash-component-suites/dash/../../../../pyproject.toml",
    ],
)
def test_file_beside_the_assets_is_not_served(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert "build-backend" not in answer.text
    assert "root:" not in answer.text
    # Another path is a page: the shell, in which nothing is yet.
    assert answer.status_code >= 400 or answer.mimetype == "text/html"


def test_socket_is_closed_when_it_says_nothing_where_a_token_is_needed(guarded: Guarded) -> None:
    for path in SOCKETS:
        began = time.monotonic()
        with open_socket(guarded.url, path) as idler:
            assert idler.receive(AUTH_WITHIN_S + 20)["code"] == "unauthenticated"
            assert time.monotonic() - began > AUTH_WITHIN_S - 1
            with pytest.raises(ConnectionClosed) as closed:
                idler.receive()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4503


def test_socket_is_closed_when_pieces_add_up_to_too_much(hub: Server) -> None:
    """No piece is over the limit: only their sum is."""
    for path in SOCKETS:
        with open_socket(hub.url, path) as sender, pytest.raises(ConnectionClosed) as closed:
            sender.connection.send("x" * 60_000 for _ in range(BODY_BYTES // 60_000 + 4))
            while True:  # an error may come before the end
                sender.receive(30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4504, path


def test_log_has_no_forged_line_when_a_request_holds_line_feeds(
    redis_url: str, namespace: str, tmp_path: Path
) -> None:
    environ = hub_environ(redis_url, namespace, tmp_path)
    with serving("hub", environ=environ) as server:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            forged = "%0a2026-01-01%20FORGED%20line"
            assert client.get(f"/api/jobs/x{forged}").status_code == 404
            assert client.get("/api/stats", headers={"Host": "a%0aFORGED"}).status_code == 403
            body = {"job_type": "demo", "payload": "x\nFORGED line", "customer_id": "a\nFORGED"}
            assert client.post("/api/jobs", json=body).status_code == 422
        with pytest.raises(InvalidStatus), open_socket(server.url, f"/ws/monitor{forged}"):
            pass
        assert not [line for line in server.lines if line.lstrip().startswith("FORGED")]
        assert not [line for line in server.lines if line.startswith("2026-01-01 FORGED")]
