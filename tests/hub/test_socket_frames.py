"""What the hub makes of a peer's frames, over real sockets."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.support.processes import Server
from tests.support.sockets import open_socket
from tests.support.waiting import wait_until

SUBMIT = json.dumps({"type": "submit", "job_type": "demo", "payload": "ü" * 1_000})


def _pending(api: httpx.Client) -> int:
    pending: int = api.get("/api/stats").json()["counts"]["pending"]
    return pending


def test_message_is_served_when_it_comes_in_pieces_around_a_ping(hub: Server) -> None:
    with open_socket(hub.url, "/ws/client") as peer:
        data = SUBMIT.encode()
        pieces = (Frame(Opcode.TEXT, data[:9], fin=False), Frame(Opcode.PING, b"?"))
        for frame in (*pieces, Frame(Opcode.CONT, data[9:])):
            peer.connection.socket.sendall(frame.serialize(mask=True))
        assert peer.receive()["type"] == "submitted"
        assert peer.connection.ping().wait(10)


def test_messages_are_served_when_the_peer_closes_right_behind_them(
    hub: Server, api: httpx.Client
) -> None:
    with open_socket(hub.url, "/ws/client") as peer:
        frames = [Frame(Opcode.TEXT, SUBMIT.encode()).serialize(mask=True)] * 5
        closing = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)
        peer.connection.socket.sendall(b"".join(frames) + closing)
        wait_until(lambda: _pending(api) == 5)


def test_close_is_answered_with_its_code_when_a_peer_leaves(hub: Server) -> None:
    with open_socket(hub.url, "/ws/client") as peer:
        peer.connection.close(4321)
        assert peer.connection.protocol.close_rcvd is not None
        assert peer.connection.protocol.close_rcvd.code == 4321


@pytest.mark.parametrize(
    ("framed", "code"),
    [
        (Frame(Opcode.TEXT, b"\xff").serialize(mask=True), 1007),
        (Frame(Opcode.TEXT, b"{}").serialize(mask=False), 1002),
        (b"\xc1" + Frame(Opcode.TEXT, b"{}").serialize(mask=True)[1:], 1002),
        (Frame(Opcode.TEXT, b" " * 1_100_000).serialize(mask=True), 4504),
    ],
    ids=["not UTF-8", "not masked", "reserved bit", "too long"],
)
def test_peer_is_closed_with_a_code_when_its_frames_break_a_rule(
    hub: Server, framed: bytes, code: int
) -> None:
    with open_socket(hub.url, "/ws/client") as peer:
        peer.connection.socket.sendall(framed)
        with pytest.raises(ConnectionClosed) as closed:
            peer.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
