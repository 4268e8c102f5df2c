"""/api/snapshot, /api/stats and /api/tickets: the state to read, and the way to follow it."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.access import Access
from hub.http.problems import answer
from hub.snapshot import SnapshotReader


def figures_blueprint(snapshots: SnapshotReader, access: Access) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("figures", __name__, url_prefix="/api")

    @routes.get("/snapshot")
    def snapshot() -> Response:
        return Response(snapshots.read().document(), mimetype="application/json")

    @routes.get("/stats")
    def stats() -> Response:
        return answer(snapshots.read_stats())

    @routes.post("/tickets")
    def ticket() -> Response:
        return answer({"ticket": access.issue_ticket(), "expires_in_s": 30}, 201)

    return routes
