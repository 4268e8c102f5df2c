"""A WebSocket route for each kind of peer: who may not come in is told why and closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import redis
from flask import Flask, request
from flask_sock import Sock

from hub.access import Access
from hub.errors import AccessDenied, Forbidden, JobhubError
from hub.roles import Caller
from hub.ws.connection import Connection, Connections
from hub.ws.protocol import CloseCode, await_auth, error_message

Serve = Callable[[Connection, Caller], None]


class NoThread:
    """Stands in for simple-websocket's reading thread: a `Connection` reads by itself."""

    def __init__(self, target: Callable[[], None]) -> None:
        self.name = ""

    def start(self) -> None:
        """Do nothing."""


def mount_sockets(
    app: Flask, connections: Connections, access: Access, serve: Mapping[str, Serve]
) -> None:
    """Open `/ws/<kind>` for every kind of `serve`, which runs for as long as its connection lives."""
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoThread}
    sock = Sock(app)
    for kind, serve_one in serve.items():
        _mount(sock, connections, access, kind, serve_one)


def _mount(sock: Sock, connections: Connections, access: Access, kind: str, serve: Serve) -> None:
    @sock.route(f"/ws/{kind}", endpoint=kind)
    def run(ws: object) -> None:
        with connections.open(ws, kind) as connection:
            caller = _admit(connection, access)
            if caller is not None:
                serve(connection, caller)


def _admit(connection: Connection, access: Access) -> Caller | None:
    """Find who is there by the upgrade's token or the first message; closes who may not come in."""
    try:
        caller = _identify(connection, access)
        if caller.may_open(connection.kind):
            return caller
        refusal: AccessDenied = Forbidden(f"not for the role {caller.role}")
    except redis.RedisError:
        connection.close(CloseCode.RESYNC, "Redis cannot be reached")
        return None
    except JobhubError as error:
        refusal = error if isinstance(error, AccessDenied) else AccessDenied("auth comes first")
    connection.send(msgspec.json.encode(error_message(refusal)))
    connection.close(CloseCode.UNAUTHENTICATED, refusal.message)
    return None


def _identify(connection: Connection, access: Access) -> Caller:
    if "Authorization" in request.headers or access.open:
        return access.identify(request.headers)
    message = await_auth(connection)
    return access.identify_message(message.token, message.ticket, connection.kind)
