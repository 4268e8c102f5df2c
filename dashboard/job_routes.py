"""What the pages about jobs ask of the hub, passed on without the token: a list of paths, no more.

Every answer is 200 with `{status, body}`, the hub's own status and document. A browser writes each
4xx into its console as an error, yet a filter that is refused or a job that is gone is an answer like
any other. Requests are checked before (dashboard/security.py), bodies by the hub.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from flask import Flask, Response, request

from dashboard.hub_client import HubApi, segment
from hub.errors import JobhubError

JOBS_PATH: Final = "/hub/jobs"
_ABOUT_A_JOB: Final = ("history", "log", "position", "match")
_UNREADABLE: Final = msgspec.json.encode(
    {"code": "error", "detail": "The hub's answer is no JSON."}
)


def register_job_routes(server: Flask, hub: HubApi) -> None:
    """Add `/hub/jobs` and what is below it."""

    @server.route(JOBS_PATH, methods=["GET", "POST"])
    def jobs() -> Response:
        return pass_on(hub, "/api/jobs")

    @server.post(f"{JOBS_PATH}/bulk")
    def bulk() -> Response:
        return pass_on(hub, "/api/jobs/bulk")

    @server.route(f"{JOBS_PATH}/<job_id>", methods=["GET", "PATCH"])
    def job(job_id: str) -> Response:
        return pass_on(hub, f"/api/jobs/{segment(job_id)}")

    @server.get(f"{JOBS_PATH}/<job_id>/<any({','.join(_ABOUT_A_JOB)}):what>")
    def about(job_id: str, what: str) -> Response:
        return pass_on(hub, f"/api/jobs/{segment(job_id)}/{what}")


def pass_on(hub: HubApi, path: str) -> Response:
    """Ask the hub what the page asked, and put its answer into an envelope."""
    query: dict[str, Any] = request.args.to_dict(flat=False)
    reading = request.method in ("GET", "HEAD")
    method, content = ("GET", None) if reading else (request.method, request.get_data())
    try:
        status, body = hub.forward(method, path, query, content)
    except JobhubError as error:  # no answer, or a viewer who wants a change
        status = error.status
        body = msgspec.json.encode({"code": error.code, "detail": error.message})
    return Response(envelope(status, body), mimetype="application/json")


def envelope(status: int, body: bytes) -> bytes:
    """Write `{status, body}`."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):  # a proxy's page, perhaps
        body = _UNREADABLE
    return msgspec.json.encode({"status": status, "body": msgspec.Raw(body)})
