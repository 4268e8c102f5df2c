"""GET /api/jobs and its CSV: the jobs that pass a filter, a page or all of them."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask import Blueprint, Response

from hub.errors import Forbidden
from hub.export import jobs_csv
from hub.http.callers import caller
from hub.http.operations import operation
from hub.http.problems import answer, csv_answer
from hub.http.queries import read_query
from hub.http.shapes import ExportQuery, JobList, ListQuery
from hub.job_filter import JobFilter, Sorting, choose_sorting
from hub.job_reader import JobReader
from hub.records import Job

Query = TypeVar("Query", ListQuery, ExportQuery)


def job_lists_blueprint(reader: JobReader) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("job_lists", __name__, url_prefix="/api")

    @routes.get("/jobs")
    @operation(
        summary="List jobs",
        tag="Jobs",
        query=ListQuery,
        answers={200: JobList},
        errors=(422,),
        detail=(
            "A page may come back short, even empty, with a `cursor`, rather than read more than 2,000 "
            "records: go on until `cursor` is null. Cursors neither skip nor repeat while jobs move. "
            "Without `sort`: pending jobs in the order of processing, finished ones by finished_at, "
            "others by created_at. `order` is desc by default: newest, or most urgent, first."
        ),
    )
    def list_jobs() -> Response:
        query = _visible(read_query(ListQuery))
        page = reader.page(query, _sorting(query), limit=query.limit, cursor=query.cursor)
        rows = [msgspec.Raw(row) for row in page.rows]
        return answer({"jobs": rows, "cursor": page.cursor})

    @routes.get("/export/jobs.csv")
    @operation(
        summary="Export jobs as CSV",
        tag="Figures",
        query=ExportQuery,
        answers={200: "text/csv"},
        errors=(422,),
        detail="The filters of the listing; all rows, streamed. The columns are described in docs/http.md.",
    )
    def export_jobs() -> Response:
        query = _visible(read_query(ExportQuery))
        records = reader.iterate(query, _sorting(query))
        return csv_answer(
            "jobs.csv", jobs_csv(msgspec.json.decode(record, type=Job) for record in records)
        )

    return routes


def _visible(query: Query) -> Query:
    """Narrow what a client asks for to its own jobs.

    Raises: Forbidden: it asks for another's by name.
    """
    asking = caller()
    if asking.role != "client":
        return query
    if not asking.may_see(query.submitted_by or asking.name):
        raise Forbidden("a client reads its own jobs", field="submitted_by")
    return msgspec.structs.replace(query, submitted_by=asking.name)


def _sorting(query: ListQuery | ExportQuery) -> Sorting:
    wanted: JobFilter = query
    return choose_sorting(wanted.status, query.sort, query.order)
