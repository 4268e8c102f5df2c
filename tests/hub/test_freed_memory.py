"""What a peer or a request took is freed when it ends, and does not wait for the cycle collector."""

from __future__ import annotations

import gc
import socket
import weakref
from collections.abc import Iterator

import pytest
from simple_websocket import Server

from hub.errors import NotFound
from hub.job_broker import JobBroker
from hub.ws.connection import Connections
from hub.ws.mounting import NoThread
from hub.ws.outbox import OutboxSocket

UPGRADE = {
    "HTTP_HOST": "127.0.0.1",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Without the cycle collector."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_connection_is_freed_at_once_when_its_peer_is_gone() -> None:
    ours, theirs = socket.socketpair()
    outbox = OutboxSocket(ours, 1_000)
    # flask-sock holds it on in a cycle
    ws = Server({**UPGRADE, "gunicorn.socket": outbox}, thread_class=NoThread)
    with theirs, ours, Connections(1).open(ws, "monitor") as connection:
        theirs.close()
    held = [weakref.ref(connection), weakref.ref(outbox), weakref.ref(ws.ws or outbox)]
    del connection, outbox
    assert not [ref() for ref in held if ref() is not None]


@pytest.mark.usefixtures("uncollected")
def test_refusal_is_freed_at_once_when_it_was_told(broker: JobBroker) -> None:
    def refuse() -> weakref.ref[NotFound]:
        try:
            broker.cancel("nosuchjob", actor="test")
        except NotFound as refusal:
            return weakref.ref(refusal)
        raise AssertionError("cancelled")

    assert refuse()() is None
