"""/api/snapshot, /api/stats and /api/tickets: the state to read, and the way to follow it."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.access import TICKET_S, Access
from hub.answers import Stats
from hub.http.bodies import read_optional_body
from hub.http.callers import caller
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.shapes import SnapshotDocument, Ticket, TicketRequest
from hub.snapshot import SnapshotReader


def figures_blueprint(snapshots: SnapshotReader, access: Access) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("figures", __name__, url_prefix="/api")

    @routes.get("/snapshot")
    @operation(
        summary="Read everything that a monitor shows",
        tag="Figures",
        answers={200: SnapshotDocument},
    )
    def snapshot() -> Response:
        return Response(snapshots.read().fitted().document(), mimetype="application/json")

    @routes.get("/stats")
    @operation(summary="Count jobs and workers by state", tag="Figures", answers={200: Stats})
    def stats() -> Response:
        return answer(snapshots.read_stats())

    @routes.post("/tickets")
    @operation(
        summary="Get a ticket that opens one monitor socket",
        tag="Access",
        body=TicketRequest,
        body_required=False,
        answers={201: Ticket},
    )
    def ticket() -> Response:
        wanted = read_optional_body(TicketRequest)
        return answer(Ticket(access.issue_ticket(caller(), wanted.role), TICKET_S), 201)

    return routes
