"""/api/export/*.csv of figures: what the tables and charts of the Analytics page hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response

from hub.export import metrics_csv, struct_csv, summary_csv
from hub.figures import ErrorKind
from hub.http.figure_queries import (
    ErrorsOfQuery,
    FiguresQuery,
    GroupsQuery,
    fitting_step,
    read_groups,
    read_range,
)
from hub.http.operations import operation
from hub.http.problems import csv_answer
from hub.http.queries import read_query
from hub.metrics import MetricsReader

_ERRORS_MAX: Final = 1_000  # as many kinds have words
_STEP_S: Final = 60


def figure_exports_blueprint(metrics: MetricsReader) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("figure_exports", __name__, url_prefix="/api/export")

    @routes.get("/metrics.csv")
    @operation(
        summary="Export figures over time as CSV",
        tag="Figures",
        query=FiguresQuery,
        answers={200: "text/csv"},
        errors=(422,),
    )
    def series() -> Response:
        return csv_answer("metrics.csv", _series(metrics, read_query(FiguresQuery)))

    @routes.get("/summary.csv")
    @operation(
        summary="Export figures of a whole range as CSV",
        tag="Figures",
        query=GroupsQuery,
        answers={200: "text/csv"},
        errors=(422,),
    )
    def summary() -> Response:
        return csv_answer("summary.csv", _summary(metrics, read_query(GroupsQuery)))

    @routes.get("/errors.csv")
    @operation(
        summary="Export kinds of errors as CSV",
        tag="Figures",
        query=ErrorsOfQuery,
        answers={200: "text/csv"},
        errors=(422,),
    )
    def errors() -> Response:
        return csv_answer("errors.csv", _errors(metrics, read_query(ErrorsOfQuery)))

    return routes


def _series(metrics: MetricsReader, query: FiguresQuery) -> Iterator[str]:
    from_s, to_s = read_range(metrics, query)
    step_s = fitting_step(query.step or _STEP_S, from_s, to_s, metrics.closed_until())
    return metrics_csv(metrics.rows(step_s, from_s, to_s, read_groups(metrics, query, from_s)))


def _summary(metrics: MetricsReader, query: GroupsQuery) -> Iterator[str]:
    from_s, to_s = read_range(metrics, query)
    totals = (
        (group, metrics.total(from_s, to_s, group)) for group in read_groups(metrics, query, from_s)
    )
    return summary_csv(from_s * 1000, to_s * 1000, totals)


def _errors(metrics: MetricsReader, query: ErrorsOfQuery) -> Iterator[str]:
    from_s, to_s = read_range(metrics, query)
    return struct_csv(ErrorKind, metrics.errors(from_s, to_s, query.group, _ERRORS_MAX))
