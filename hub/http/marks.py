"""/api/marks: deploys, incidents and notes on the time line, and their CSV."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from hub.answers import Mark
from hub.audit import AuditLog
from hub.export import struct_csv
from hub.http.bodies import read_body
from hub.http.callers import caller
from hub.http.figure_queries import RangeQuery, read_range
from hub.http.operations import operation
from hub.http.problems import answer, csv_answer
from hub.http.queries import read_query
from hub.marks import MarkRequest, Marks
from hub.metrics import MetricsReader


class MarksAnswer(msgspec.Struct, frozen=True):
    """Marks, oldest first."""

    marks: list[Mark]


def marks_blueprint(metrics: MetricsReader, marks: Marks, audit: AuditLog) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("marks", __name__, url_prefix="/api")

    def asked() -> list[Mark]:
        from_s, to_s = read_range(metrics, read_query(RangeQuery))
        return marks.between(from_s * 1000, to_s * 1000)

    @routes.get("/marks")
    @operation(
        summary="List marks on the time line",
        tag="Figures",
        query=RangeQuery,
        answers={200: MarksAnswer},
        errors=(422,),
    )
    def list_marks() -> Response:
        return answer({"marks": asked()})

    @routes.get("/export/marks.csv")
    @operation(
        summary="Export marks as CSV",
        tag="Figures",
        query=RangeQuery,
        answers={200: "text/csv"},
        errors=(422,),
    )
    def export() -> Response:
        return csv_answer("marks.csv", struct_csv(Mark, asked()))

    @routes.post("/marks")
    @operation(
        summary="Set a mark on the time line", tag="Figures", body=MarkRequest, answers={201: Mark}
    )
    def add() -> Response:
        mark = marks.add(read_body(MarkRequest))
        audit.record(caller().actor, "mark_added", name=mark.label, kind=mark.kind)
        return answer(mark, 201)

    return routes
