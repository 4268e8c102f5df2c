"""/api/metrics and /api/errors: figures of the past for managers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from flask import Blueprint, Response

from hub.figures import described, is_timed
from hub.http.figure_queries import (
    ErrorsQuery,
    GroupsQuery,
    SeriesQuery,
    fitting_step,
    read_columns,
    read_groups,
    read_range,
)
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.queries import read_query
from hub.metrics import Bucket, MetricsReader
from hub.steps import step_for

_SERIES_BUCKETS: Final = 400  # enough for a chart as wide as a screen


class SeriesAnswer(msgspec.Struct, frozen=True):
    """Columns by group, one item a bucket; `at` is its start. Buckets without figures are left out."""

    step_s: int
    closed_until: int
    groups: dict[str, dict[str, list[Any]]]


class SummaryAnswer(msgspec.Struct, frozen=True):
    """One row a group."""

    from_ms: int = msgspec.field(name="from")
    to_ms: int = msgspec.field(name="to")
    rows: list[dict[str, Any]]


class ErrorsAnswer(msgspec.Struct, frozen=True):
    """Kinds of errors, the most frequent first."""

    errors: list[dict[str, Any]]


def analytics_blueprint(metrics: MetricsReader) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("analytics", __name__, url_prefix="/api")

    @routes.get("/metrics/series")
    @operation(
        summary="Read figures over time, in columns",
        tag="Figures",
        query=SeriesQuery,
        answers={200: SeriesAnswer},
        errors=(422,),
    )
    def series() -> Response:
        return answer(_series(metrics, read_query(SeriesQuery)))

    @routes.get("/metrics/summary")
    @operation(
        summary="Read figures of a whole range, by group",
        tag="Figures",
        query=GroupsQuery,
        answers={200: SummaryAnswer},
        errors=(422,),
    )
    def summary() -> Response:
        return answer(_summary(metrics, read_query(GroupsQuery)))

    @routes.get("/errors")
    @operation(
        summary="List the most frequent kinds of errors",
        tag="Figures",
        query=ErrorsQuery,
        answers={200: ErrorsAnswer},
        errors=(422,),
    )
    def errors() -> Response:
        query = read_query(ErrorsQuery)
        from_s, to_s = read_range(metrics, query)
        return answer({"errors": metrics.errors(from_s, to_s, query.group, query.limit)})

    return routes


def _series(metrics: MetricsReader, query: SeriesQuery) -> SeriesAnswer:
    wanted = read_columns(query)
    from_s, to_s = read_range(metrics, query)
    closed = metrics.closed_until()
    names = read_groups(metrics, query, from_s)
    wanted_s = query.step or step_for(from_s, to_s, closed, buckets=_SERIES_BUCKETS)
    step_s = fitting_step(wanted_s, from_s, to_s, closed, groups=len(names))
    timed = wanted is None or any(is_timed(name) for name in wanted)
    groups = {
        name: _columns(metrics.buckets(step_s, from_s, to_s, name, timed=timed), wanted)
        for name in names
    }
    return SeriesAnswer(step_s=step_s, closed_until=closed * 1000, groups=groups)


def _columns(buckets: Iterator[Bucket], wanted: list[str] | None) -> dict[str, list[Any]]:
    """Turn buckets into columns; buckets without figures are not there."""
    columns: dict[str, list[Any]] = {}
    for bucket in buckets:
        figures = described(bucket.figures, wanted)
        row = {"at": bucket.start_s * 1000, "partial": bucket.partial, **figures}
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def _summary(metrics: MetricsReader, query: GroupsQuery) -> SummaryAnswer:
    from_s, to_s = read_range(metrics, query)
    rows = [
        {"group": group, **described(metrics.total(from_s, to_s, group))}
        for group in read_groups(metrics, query, from_s)
    ]
    return SummaryAnswer(from_ms=from_s * 1000, to_ms=to_s * 1000, rows=rows)
