"""Plain routes of the dashboard's server: what the browser needs of the hub without its token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from dashboard.hub_client import HubApi
from dashboard.job_routes import pass_on, register_job_routes
from dashboard.live_snapshot import register_live_snapshot
from dashboard.split_series import register_split_series
from dashboard.submit_routes import register_submit_routes
from hub.errors import JobhubError

TICKET_PATH: Final = "/live/ticket"
_EXPORTS: Final = ("jobs", "metrics", "summary", "promises", "errors", "marks", "audit")
_PASSED_HEADERS: Final = ("Content-Type", "Content-Disposition")


def register_routes(server: Flask, hub: HubApi, own_url: str) -> None:
    """Add the routes.

    Args: own_url: the hub's URL as browsers name it.
    """

    register_live_snapshot(server, {own_url: hub.snapshot})
    register_split_series(server, hub)
    register_job_routes(server, hub)
    register_submit_routes(server, hub)

    @server.post(TICKET_PATH)
    def ticket() -> Response:
        return jsonify(hub.ticket())

    @server.get("/live/series")
    def series() -> Response:
        asked = {name: request.args[name] for name in ("from", "to") if name in request.args}
        return _stream_on(hub, "/api/metrics/series", {**asked, "step": 1})

    @server.get("/hub/audit")
    def audit() -> Response:
        return pass_on(hub, "/api/audit")

    @server.get(f"/export/<any({','.join(_EXPORTS)}):name>.csv")
    def export(name: str) -> Response:
        return _stream_on(hub, f"/api/export/{name}.csv", request.args.to_dict(flat=False))

    @server.get("/healthz")
    def alive() -> Response:
        return jsonify({"status": "ok"})

    @server.errorhandler(JobhubError)
    def refused(error: JobhubError) -> tuple[Response, int]:
        problem = {"code": error.code, "detail": error.message, "status": error.status}
        if error.field is not None:
            problem["field"] = error.field
        return jsonify(problem), error.status

    @server.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        status = error.code or 500
        return jsonify({"detail": error.description, "status": status}), status


def _stream_on(hub: HubApi, path: str, query: Mapping[str, Any]) -> Response:
    """Stream a file of the hub: memory does not grow with it, and the token stays here."""
    with ExitStack() as stack:
        headers, chunks = stack.enter_context(hub.stream(path, query))
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
