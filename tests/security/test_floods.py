"""Peers that send too much, too slowly, or nothing: each costs what it may, and the hub serves the others."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hub.errors import LimitReached
from hub.http.rates import CallerRates
from hub.limits import MESSAGES_PER_S
from tests.support.processes import Server, hub_environ, serving
from tests.support.roles import ROOT_TOKEN, Guarded
from tests.support.sockets import open_monitor, open_socket
from tests.support.waiting import wait_until

SLOW_S = 3.0  # an answer later than this is not "responsive", on a machine however loaded


def connect(hub_url: str) -> socket.socket:
    """Open a plain connection to the hub."""
    address = urlsplit(hub_url)
    return socket.create_connection((address.hostname or "", address.port or 0), 30)


def answers_soon(api: httpx.Client) -> None:
    """Hold the hub to an answer in time."""
    began = time.monotonic()
    assert api.get("/api/stats").status_code == 200
    assert time.monotonic() - began < SLOW_S


@pytest.fixture
def small(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Server]:
    """A hub that holds 100 connections, 90 of them sockets, and waits two seconds for a request."""
    environ = hub_environ(redis_url, namespace, tmp_path, max_connections="100", request_s="2")
    with serving("hub", environ=environ) as server:
        assert server.url
        yield server


def test_connection_is_answered_503_when_idle_ones_take_all_room(small: Server) -> None:
    """Whoever is connected already is served on; who comes too late hears it at once."""
    with httpx.Client(base_url=small.url, timeout=30) as api, ExitStack() as stack:
        answers_soon(api)
        for _ in range(99):
            stack.enter_context(connect(small.url))
        refused = wait_until(lambda: refusal(small.url), what="a refusal")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 2\r\n" in refused
        problem = json.loads(refused.partition(b"\r\n\r\n")[2])
        assert (problem["status"], problem["code"]) == (503, "too_many_connections")
        answers_soon(api)
        # The idle ones said nothing for two seconds: they are closed, and there is room.
        wait_until(lambda: not refusal(small.url), timeout_s=30, what="room")


def refusal(hub_url: str) -> bytes:
    """What a new connection hears that asks for the hub's health; nothing when it is served."""
    with connect(hub_url) as link:
        link.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        heard = b""
        while piece := link.recv(4_096):
            heard += piece
    return b"" if heard.startswith(b"HTTP/1.1 200 ") else heard


def test_socket_is_refused_503_when_as_many_are_open_as_may_be(small: Server) -> None:
    with ExitStack() as stack, httpx.Client(base_url=small.url, timeout=30) as api:
        answers_soon(api)
        for _ in range(90):
            stack.enter_context(open_socket(small.url, "/ws/client"))
        with pytest.raises(InvalidStatus) as refused, open_socket(small.url, "/ws/monitor"):
            pass
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "2"
        assert json.loads(refused.value.response.body)["code"] == "too_many_connections"
        answers_soon(api)  # requests have room of their own
    wait_until(lambda: has_room(small.url))


def has_room(hub_url: str) -> bool:
    try:
        with open_monitor(hub_url):
            return True
    except InvalidStatus:
        return False


def test_hub_answers_on_when_thousands_of_sockets_are_idle(
    redis_url: str, namespace: str, tmp_path: Path
) -> None:
    environ = hub_environ(redis_url, namespace, tmp_path, max_connections="2000")
    with (
        serving("hub", environ=environ) as server,
        httpx.Client(base_url=server.url, timeout=30) as api,
        ExitStack() as stack,
    ):
        answers_soon(api)
        for _ in range(2_300):
            stack.enter_context(connect(server.url))
        answers_soon(api)
        assert "Traceback" not in server.output


def test_slow_head_is_cut_off_when_it_drips(small: Server) -> None:
    for path in (b"/healthz", b"/ws/worker"):
        with connect(small.url) as link:
            link.sendall(b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" % path)
            began = time.monotonic()
            assert drip(link, b"X-Slow: 1\r\n", 30) == b""
            assert time.monotonic() - began < 10


def test_dashboard_answers_on_when_others_send_nothing_or_half_a_request(tmp_path: Path) -> None:
    environ = {
        "JOBHUB_DATA_DIR": str(tmp_path),
        "JOBHUB_DASHBOARD_PORT": "0",
        "JOBHUB_REQUEST_S": "5",
    }
    half = (
        b"",
        b"G",
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname=",
    )
    with (
        serving("dashboard", environ=environ) as dashboard,
        httpx.Client(base_url=dashboard.url, timeout=30) as visitor,
        ExitStack() as stack,
    ):
        held = [stack.enter_context(connect(dashboard.url)) for _ in range(150)]
        for place, link in enumerate(held):
            link.sendall(half[place % len(half)])
        for _ in range(5):
            began = time.monotonic()
            assert visitor.get("/healthz").status_code == 200
            assert time.monotonic() - began < SLOW_S
        for link in held:  # and each is ended
            while link.recv(4_096):
                pass


def drip(link: socket.socket, piece: bytes, timeout_s: float) -> bytes:
    """Send a piece again and again until the other side ends; returns what it said."""
    heard, until = b"", time.monotonic() + timeout_s
    link.settimeout(0.3)
    while time.monotonic() < until:
        try:
            link.sendall(piece)
            got = link.recv(4_096)
        except TimeoutError:
            continue
        except OSError:
            return heard
        if not got:
            return heard
        heard += got
    raise AssertionError(f"still open; heard {heard!r}")


def test_slow_body_is_answered_408_and_cut_off_when_it_drips(small: Server) -> None:
    with connect(small.url) as link:
        link.sendall(
            b"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 900000\r\n\r\n{"
        )
        heard = drip(link, b" ", 60)
    assert heard.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in heard


def test_slow_frames_cost_nothing_but_their_connection(hub: Server, api: httpx.Client) -> None:
    """A frame that never ends is no message; its sender is held like an idle one, and no one waits for it."""
    with ExitStack() as stack:
        for path in ("/ws/monitor", "/ws/worker", "/ws/client"):
            peer = stack.enter_context(open_socket(hub.url, path))
            link = peer.connection.socket
            for byte in b"\x81\xff" + struct.pack(">Q", 2**63 - 1) + bytes(5):  # exabytes announced
                link.sendall(bytes((byte,)))
        answers_soon(api)
        with open_monitor(hub.url):
            pass


AGAINST_THE_PROTOCOL = (
    b"\x89\xfe\x01\x00" + bytes(4 + 256),  # a ping of more than 125 bytes
    b"\x09\x80" + bytes(4),  # a ping in pieces
    b"\x83\x80" + bytes(4),  # an opcode that there is not
    b"\xf1\x80" + bytes(4),  # reserved bits
    b"\x80\x81" + bytes(4) + b"x",  # a last piece without a first one
    b"\x81\x05hello",  # not masked
    b"\x81\x82" + bytes(4) + b"\xff\xfe",  # no UTF-8
)


def test_frame_against_the_protocol_ends_its_connection_and_no_other(
    hub: Server, api: httpx.Client
) -> None:
    with open_monitor(hub.url) as other:
        for frame in AGAINST_THE_PROTOCOL:
            for path in ("/ws/monitor", "/ws/worker", "/ws/client"):
                with open_socket(hub.url, path) as peer:
                    peer.connection.socket.sendall(frame)
                    with pytest.raises(ConnectionClosed):
                        while True:
                            peer.receive(30)
            other.send("heartbeat")
            assert other.receive_type("heartbeat_ack")
    answers_soon(api)
    assert "Traceback" not in hub.output


def test_flood_of_messages_is_read_at_its_pace_when_others_want_to_be_heard(
    hub: Server, api: httpx.Client
) -> None:
    sent = 5 * MESSAGES_PER_S // 2
    with open_socket(hub.url, "/ws/client") as flooder:
        answers_soon(api)

        def flood() -> None:
            for _ in range(sent):
                flooder.send("cancel", job_id="nosuchjob")

        began = time.monotonic()
        flooding = threading.Thread(target=flood, daemon=True)
        flooding.start()
        for _ in range(5):
            answers_soon(api)
        for _ in range(sent):
            assert flooder.receive(30)["code"] == "not_found"
        # The burst of the first second is free, the rest has its pace.
        assert time.monotonic() - began > sent / MESSAGES_PER_S - 1.5
        flooding.join(10)


@pytest.fixture
def tight(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Server]:
    """A hub whose peers may leave a quarter of a megabyte unread."""
    environ = hub_environ(redis_url, namespace, tmp_path, monitor_outbox_bytes="65536")
    with serving("hub", environ=environ) as server:
        assert server.url
        yield server


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("/ws/client", {"type": "submit", "job_type": "demo", "idempotency_key": "k"}),
        ("/ws/worker", {"type": "job_started", "job_id": "x" * 200, "fence": 1}),
    ],
)
def test_peer_is_ended_when_it_asks_without_end_and_never_reads(
    tight: Server, path: str, question: dict[str, object]
) -> None:
    """What waits for it is bounded; when that is full the connection ends."""
    batch = json.dumps([question] * 100).encode()
    frame = b"\x81\xfe" + struct.pack(">H", len(batch)) + bytes(4) + batch
    address = urlsplit(tight.url)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)  # before it connects, or it grows
    narrow.connect((address.hostname, address.port))
    with open_socket(tight.url, path, sock=narrow, max_queue=1, close_timeout=1) as greedy:
        if path == "/ws/worker":
            greedy.send("register", worker_id="w1", job_types=["demo"])
            assert greedy.receive()["type"] == "registered"
        link = greedy.connection.socket  # the library stops reading when a message waits
        link.settimeout(60)
        until = time.monotonic() + 60
        with pytest.raises(OSError):
            while time.monotonic() < until:
                link.sendall(frame)
        assert time.monotonic() < until - 30  # what it asked for is not done to the end first
    with httpx.Client(base_url=tight.url, timeout=30) as api:
        answers_soon(api)


def test_token_hears_429_when_it_asks_more_often_than_it_may(
    redis_url: str, namespace: str, tmp_path: Path
) -> None:
    environ = hub_environ(redis_url, namespace, tmp_path, token=ROOT_TOKEN, requests_per_s="5")
    with serving("hub", environ=environ) as server:
        guarded = Guarded(server.url)
        with guarded.as_("client") as greedy, guarded.as_("viewer") as other:
            answers = [greedy.get("/api/jobs?limit=1") for _ in range(40)]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert refused
            assert refused[0].json()["code"] == "rate_limited"
            assert refused[0].headers["Retry-After"] == "2"
            assert other.get("/api/stats").status_code == 200
            wait_until(lambda: greedy.get("/api/jobs?limit=1").status_code == 200)


def test_rates_forget_callers_that_have_asked_nothing_for_long() -> None:
    now = 0.0
    rates = CallerRates(1, now=lambda: now)
    for number in range(2_000):
        rates.spend(f"c{number}")
    now = 10.0
    rates.spend("new")
    assert len(rates._paid_until) == 1
    rates.spend("new")
    with pytest.raises(LimitReached):
        rates.spend("new")
    rates.spend("another")
