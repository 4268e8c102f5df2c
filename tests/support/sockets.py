"""WebSocket peers for tests: plain `websockets` clients that speak JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect


class Peer:
    """One end of a socket of the hub."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, type_: str, **fields: Any) -> None:
        """Send one message."""
        self.connection.send(json.dumps({"type": type_, **fields}))

    def receive(self, timeout_s: float = 10.0) -> Any:
        """Wait for the next message."""
        return json.loads(self.connection.recv(timeout_s))

    def receive_type(self, *types: str, timeout_s: float = 10.0) -> Any:
        """Wait for the next message of one of these types, past others."""
        while True:
            message = self.receive(timeout_s)
            if isinstance(message, dict) and message["type"] in types:
                return message

    def ask(self, type_: str, **fields: Any) -> Any:
        """Send one message and wait for the next one."""
        self.send(type_, **fields)
        return self.receive()


@contextmanager
def open_socket(hub_url: str, path: str, **options: Any) -> Iterator[Peer]:
    """Connect to `path` of the hub at `hub_url`."""
    url = hub_url.replace("http", "ws", 1) + path
    with connect(url, max_size=None, **options) as connection:
        yield Peer(connection)


@contextmanager
def open_monitor(hub_url: str, monitor_id: str = "m1", **subscription: Any) -> Iterator[Peer]:
    """Connect a monitor and subscribe; the confirmation is taken already."""
    with open_socket(hub_url, "/ws/monitor") as peer:
        peer.send("monitor_connect", monitor_id=monitor_id)
        peer.send("subscribe", **{"topics": ["jobs", "workers", "system_stats"], **subscription})
        assert peer.receive()["type"] == "subscription_confirmed"
        yield peer


@contextmanager
def open_worker(
    hub_url: str,
    worker_id: str = "w1",
    job_types: tuple[str, ...] = ("demo",),
    headers: dict[str, str] | None = None,
    **fields: Any,
) -> Iterator[Peer]:
    """Connect a worker and register; the answer is taken already."""
    with open_socket(hub_url, "/ws/worker", additional_headers=headers) as peer:
        peer.send("register", worker_id=worker_id, job_types=list(job_types), **fields)
        assert peer.receive()["type"] == "registered"
        yield peer
