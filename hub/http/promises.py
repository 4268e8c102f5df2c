"""/api/slo: promises to customers, and how they were kept in a range as CSV."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from hub.answers import Promise
from hub.audit import AuditLog
from hub.export import struct_csv
from hub.http.bodies import read_body
from hub.http.callers import caller
from hub.http.figure_queries import RangeQuery, read_range
from hub.http.operations import operation
from hub.http.problems import answer, csv_answer
from hub.http.queries import read_query
from hub.metrics import MetricsReader
from hub.promises import PromiseRequest, PromiseRow, Promises, promise_row


class SloAnswer(msgspec.Struct, frozen=True):
    """Promises by job type."""

    slo: list[Promise]


class PromiseAnswer(msgspec.Struct, frozen=True):
    """The promise that holds from now on; null when it was ended."""

    job_type: str
    promise: Promise | None


def promises_blueprint(metrics: MetricsReader, promises: Promises, audit: AuditLog) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("promises", __name__, url_prefix="/api")

    @routes.get("/slo")
    @operation(summary="List promises to customers", tag="Figures", answers={200: SloAnswer})
    def list_slo() -> Response:
        return answer({"slo": promises.all()})

    @routes.get("/export/promises.csv")
    @operation(
        summary="Export how promises were kept as CSV",
        tag="Figures",
        query=RangeQuery,
        answers={200: "text/csv"},
        errors=(422,),
    )
    def export() -> Response:
        from_s, to_s = read_range(metrics, read_query(RangeQuery))
        rows = (
            promise_row(promise, metrics.total(from_s, to_s, f"type:{promise.job_type}"))
            for promise in promises.all()
        )
        return csv_answer("promises.csv", struct_csv(PromiseRow, rows))

    @routes.put("/slo")
    @operation(
        summary="Set or end the promise of a job type",
        tag="Figures",
        body=PromiseRequest,
        answers={200: PromiseAnswer},
    )
    def put_slo() -> Response:
        wanted = read_body(PromiseRequest)
        promise = promises.put(wanted)
        if promise is None:
            audit.record(caller().actor, "promise_ended", job_type=wanted.job_type)
        else:
            audit.record(caller().actor, "promise_set", **msgspec.structs.asdict(promise))
        return answer({"job_type": wanted.job_type, "promise": promise})

    return routes
