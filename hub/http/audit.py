"""GET /api/audit and its CSV: which operator did what, newest first."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from hub.audit import AuditLog
from hub.export import audit_csv
from hub.http.operations import operation
from hub.http.problems import answer, csv_answer
from hub.http.queries import read_query
from hub.messages import Inbound


class AuditQuery(Inbound, frozen=True, kw_only=True):
    """Where the page starts, and its length."""

    cursor: Annotated[str, Meta(pattern="^[0-9]{1,15}$")] | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class AuditEntries(msgspec.Struct, frozen=True):
    """Entries `{at, audit_id, actor, action, ...}`; `cursor` asks for older ones, null after the last."""

    entries: list[dict[str, Any]]
    cursor: str | None


def audit_blueprint(audit: AuditLog) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("audit", __name__, url_prefix="/api")

    @routes.get("/audit")
    @operation(
        summary="Read what operators did",
        tag="Access",
        query=AuditQuery,
        answers={200: AuditEntries},
        errors=(422,),
        detail="The newest 10,000 actions are kept.",
    )
    def read() -> Response:
        query = read_query(AuditQuery)
        page = audit.read(limit=query.limit, cursor=query.cursor)
        return answer({"entries": page.rows, "cursor": page.cursor})

    @routes.get("/export/audit.csv")
    @operation(
        summary="Export what operators did as CSV",
        tag="Access",
        answers={200: "text/csv"},
        detail="All that is kept, newest first, streamed. The columns are described in docs/http.md.",
    )
    def export() -> Response:
        return csv_answer("audit.csv", audit_csv(audit.iterate()))

    return routes
