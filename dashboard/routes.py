"""Plain routes of the dashboard's server: what the browser needs of the hub without its token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from dashboard.hub_client import HubApi
from hub.errors import JobhubError

TICKET_PATH: Final = "/live/ticket"
_EXPORTS: Final = ("jobs", "metrics")
_PASSED_HEADERS: Final = ("Content-Type", "Content-Disposition")


def register_routes(server: Flask, hub: HubApi) -> None:
    """Add the routes."""

    @server.post(TICKET_PATH)
    def ticket() -> Response:
        return jsonify(hub.ticket())

    @server.get(f"/export/<any({','.join(_EXPORTS)}):name>.csv")
    def export(name: str) -> Response:
        return _pass_on(hub, f"/api/export/{name}.csv")

    @server.get("/healthz")
    def alive() -> Response:
        return jsonify({"status": "ok"})

    @server.errorhandler(JobhubError)
    def refused(error: JobhubError) -> tuple[Response, int]:
        problem = {"code": error.code, "detail": error.message, "status": error.status}
        return jsonify(problem), error.status

    @server.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        status = error.code or 500
        return jsonify({"detail": error.description, "status": status}), status


def _pass_on(hub: HubApi, path: str) -> Response:
    """Stream a file of the hub: memory does not grow with it, and the token stays here."""
    with ExitStack() as stack:
        headers, chunks = stack.enter_context(hub.stream(path, request.args.to_dict(flat=False)))
        kept = stack.pop_all()

    def read() -> Iterator[bytes]:
        with kept:
            yield from chunks

    response = Response(read())
    for name in _PASSED_HEADERS:
        if name in headers:
            response.headers[name] = headers[name]
    response.call_on_close(kept.close)  # the browser left before the first byte
    return response
