"""Requests that are no HTTP, or nearly: each is refused in a sentence, and none leaves a stack trace."""

from __future__ import annotations

import json
import socket
import threading
import time

import httpx

from tests.security.test_floods import SLOW_S, connect
from tests.support.processes import Server

BODY = b'{"job_type":"demo"}'
BEHIND = b"GET /api/queues HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def exchange(hub_url: str, sent: bytes) -> bytes:
    """Send bytes; all that comes back until the hub closes."""
    heard = b""
    with connect(hub_url) as link:
        link.sendall(sent)
        link.shutdown(socket.SHUT_WR)
        while piece := link.recv(65_536):
            heard += piece
    return heard


def statuses(heard: bytes) -> list[int]:
    """The status of each answer in what was heard."""
    return [int(part[:3]) for part in heard.split(b"HTTP/1.1 ")[1:]]


HOSTS = (
    *("[", "[::1", "[x]", "[::1%25eth0]", "", "127.0.0.1:port", "127.0.0.1:123456", "127.0.0.1 x"),
    *("user@127.0.0.1", "evil.example@127.0.0.1", "127.0.0.1@evil.example", "127.0.0.1:80@evil"),
    *("127.0.0.1/x", "127.0.0.1?x", "127.0.0.1#x", "127.0.0.1\\x", "127.0.0.1,evil.example"),
    *("127.1", "0x7f.0.0.1", "2130706433", "127.0.0.1.", "localhost.", "\u0661\u0662\u0667.0.0.1"),
)


def test_host_is_refused_when_it_is_no_name_of_this_hub(hub: Server) -> None:
    for host in HOSTS:
        head = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        assert statuses(exchange(hub.url, head.encode())) == [403], host
    for host in ("LocalHost", "[::1]:80", "127.0.0.1"):
        head = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        assert statuses(exchange(hub.url, head.encode())) == [200], host
    assert "Traceback" not in hub.output


CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"13\r\n" + BODY + b"\r\n0\r\n\r\n"
AMBIGUOUS = (
    (b"Content-Length: 19\r\nTransfer-Encoding: chunked", CHUNKS),
    (b"Content-Length: 19\r\nContent-Length: 0", BODY),
    (b"Content-Length: 19, 19", BODY),
    (b"Content-Length: +19", BODY),
    (b"Content-Length: -1", BODY),
    (b"Content-Length: 1_9", BODY),
    (b"Content-Length : 19", BODY),
    (b"Transfer-Encoding: xchunked", CHUNKS),
    (b"Transfer-Encoding: chunked, identity", CHUNKS),
    (b"Transfer-Encoding: \x0bchunked", CHUNKS),
    (CHUNKED, b"0x13\r\n" + BODY + b"\r\n0\r\n\r\n"),
    (CHUNKED, b"-13\r\n" + BODY + b"\r\n0\r\n\r\n"),
    (CHUNKED, b"13\r\n" + BODY),
    (b"X-Folded: a\r\n b\r\nContent-Length: 19", BODY),
    (b"X-Bare: a\rb\r\nContent-Length: 19", BODY),
    (b"Host: evil.example\r\nContent-Length: 19", BODY),
)


def test_second_request_is_not_heard_when_the_length_of_the_first_is_in_doubt(
    hub: Server, api: httpx.Client
) -> None:
    """Request smuggling: a proxy and the hub must not see different requests."""
    head = b"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    for framing, body in AMBIGUOUS:
        heard = exchange(hub.url, head + framing + b"\r\n\r\n" + body + BEHIND)
        assert statuses(heard) in ([400], [501]), (framing, body, heard)
    assert api.get("/api/stats").json()["counts"]["pending"] == 0
    assert "Traceback" not in hub.output


UPGRADE = {
    "Host": "127.0.0.1",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


UPGRADES: tuple[tuple[dict[str, str | None], int], ...] = (
    ({"Sec-WebSocket-Version": "8"}, 400),
    ({"Sec-WebSocket-Version": "x"}, 400),
    ({"Sec-WebSocket-Key": None}, 400),
    ({"Upgrade": "h2c"}, 400),
    ({"Sec-WebSocket-Protocol": "evil, jobhub"}, 101),
    ({"Sec-WebSocket-Extensions": "permessage-deflate; x=1, evil"}, 101),
)


def test_upgrade_is_refused_when_it_is_none_and_offers_are_not_taken_up(hub: Server) -> None:
    for changed, status in UPGRADES:
        head = {name: text for name, text in {**UPGRADE, **changed}.items() if text is not None}
        lines = ["GET /ws/monitor HTTP/1.1", *(f"{name}: {text}" for name, text in head.items())]
        heard = exchange(hub.url, "\r\n".join([*lines, "", ""]).encode())
        assert statuses(heard) == [status], changed
        answered, _, rest = heard.partition(b"\r\n\r\n")
        if status == 101:
            assert b"protocol:" not in answered.lower()
            assert b"extensions:" not in answered.lower()
        else:
            assert json.loads(rest)["code"] == "bad_request"
    assert "Traceback" not in hub.output


def test_others_are_answered_when_a_body_comes_in_chunks_of_a_byte(
    hub: Server, api: httpx.Client
) -> None:
    head = b"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    chunks = b"1\r\n \r\n" * 900_000  # all there at once: nothing has to be waited for
    with connect(hub.url) as link:

        def send() -> None:
            link.sendall(head + CHUNKED + b"\r\n\r\n" + chunks)

        sending = threading.Thread(target=send, daemon=True)
        sending.start()
        slowest_s = 0.0
        while sending.is_alive():
            began = time.monotonic()
            assert api.get("/healthz").status_code == 200
            slowest_s = max(slowest_s, time.monotonic() - began)
    assert slowest_s < SLOW_S
