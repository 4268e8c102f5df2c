"""/api/metrics, /api/errors, /api/marks and /api/slo: figures of the past for managers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from hub.audit import AuditLog
from hub.errors import InvalidInput
from hub.export import metrics_csv
from hub.figures import AXES, COUNTS, Figures
from hub.http.bodies import read_body
from hub.http.callers import caller
from hub.http.operations import operation
from hub.http.problems import answer, csv_answer
from hub.http.queries import read_query
from hub.marks import Mark, MarkRequest, Marks
from hub.messages import Id, Inbound, TimeMs
from hub.metrics import (
    BUCKETS_MAX,
    DAY_S,
    RANGE_MAX_S,
    Bucket,
    GroupBy,
    MetricsReader,
    step_for,
)
from hub.promises import Promise, PromiseRequest, Promises

_PERCENTILES = (50, 95, 99)
CHOSEN_STEPS_S = (
    *(seconds for seconds in range(1, 60) if 60 % seconds == 0),
    *(60 * minutes for minutes in range(1, 1_441) if 1_440 % minutes == 0),
)
_SERIES_BUCKETS = 400  # enough for a chart as wide as a screen


class RangeQuery(Inbound, frozen=True, kw_only=True):
    """Unix milliseconds; the last 24 hours by default."""

    from_ms: TimeMs | None = msgspec.field(default=None, name="from")
    to_ms: TimeMs | None = msgspec.field(default=None, name="to")


class FiguresQuery(RangeQuery, frozen=True, kw_only=True):
    """Figures by group. `step` (seconds) is chosen by the range, and widened where it is too fine for it."""

    step: Annotated[int, Meta(ge=1, extra_json_schema={"enum": list(CHOSEN_STEPS_S)})] | None = None
    group_by: GroupBy = "all"
    group: Annotated[str, Meta(max_length=220)] | None = None


class ErrorsQuery(RangeQuery, frozen=True, kw_only=True):
    """The most frequent kinds of errors."""

    job_type: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 20


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


class MarksAnswer(msgspec.Struct, frozen=True):
    """Marks, oldest first."""

    marks: list[Mark]


class SloAnswer(msgspec.Struct, frozen=True):
    """Promises by job type."""

    slo: list[Promise]


class PromiseAnswer(msgspec.Struct, frozen=True):
    """The promise that holds from now on; null when it was ended."""

    job_type: str
    promise: Promise | None


def analytics_blueprint(
    metrics: MetricsReader, marks: Marks, promises: Promises, audit: AuditLog
) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("analytics", __name__, url_prefix="/api")

    @routes.get("/metrics/series")
    @operation(
        summary="Read figures over time, in columns",
        tag="Figures",
        query=FiguresQuery,
        answers={200: SeriesAnswer},
        errors=(422,),
    )
    def series() -> Response:
        query = read_query(FiguresQuery)
        from_s, to_s = _read_range(metrics, query)
        closed = metrics.closed_until()
        names = _groups(metrics, query, from_s)
        wanted_s = query.step or step_for(from_s, to_s, closed, buckets=_SERIES_BUCKETS)
        step_s = _fitting_step(wanted_s, from_s, to_s, groups=len(names))
        groups = {name: _columns(metrics.buckets(step_s, from_s, to_s, name)) for name in names}
        return answer({"step_s": step_s, "closed_until": closed * 1000, "groups": groups})

    @routes.get("/metrics/summary")
    @operation(
        summary="Read figures of a whole range, by group",
        tag="Figures",
        query=FiguresQuery,
        answers={200: SummaryAnswer},
        errors=(422,),
    )
    def summary() -> Response:
        query = read_query(FiguresQuery)
        from_s, to_s = _read_range(metrics, query)
        rows = [
            {"group": group, **_describe(metrics.total(from_s, to_s, group))}
            for group in _groups(metrics, query, from_s)
        ]
        return answer({"from": from_s * 1000, "to": to_s * 1000, "rows": rows})

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
        from_s, to_s = _read_range(metrics, query)
        group = f"type:{query.job_type}" if query.job_type else "all"
        return answer({"errors": metrics.errors(from_s, to_s, group, query.limit)})

    @routes.get("/export/metrics.csv")
    @operation(
        summary="Export figures as CSV",
        tag="Figures",
        query=FiguresQuery,
        answers={200: "text/csv"},
        errors=(422,),
    )
    def export_metrics() -> Response:
        query = read_query(FiguresQuery)
        from_s, to_s = _read_range(metrics, query)
        step_s = _fitting_step(query.step or 60, from_s, to_s)
        rows = metrics.rows(step_s, from_s, to_s, _groups(metrics, query, from_s))
        return csv_answer("metrics.csv", metrics_csv(rows))

    @routes.get("/marks")
    @operation(
        summary="List marks on the time line",
        tag="Figures",
        query=RangeQuery,
        answers={200: MarksAnswer},
        errors=(422,),
    )
    def list_marks() -> Response:
        query = read_query(RangeQuery)
        from_s, to_s = _read_range(metrics, query)
        return answer({"marks": marks.between(from_s * 1000, to_s * 1000)})

    @routes.post("/marks")
    @operation(
        summary="Set a mark on the time line", tag="Figures", body=MarkRequest, answers={201: Mark}
    )
    def add_mark() -> Response:
        mark = marks.add(read_body(MarkRequest))
        audit.record(caller().actor, "mark_added", name=mark.label, kind=mark.kind)
        return answer(mark, 201)

    @routes.get("/slo")
    @operation(summary="List promises to customers", tag="Figures", answers={200: SloAnswer})
    def list_slo() -> Response:
        return answer({"slo": promises.all()})

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


def _read_range(metrics: MetricsReader, query: RangeQuery) -> tuple[int, int]:
    """Read [from, to) in Unix seconds, widened to whole ones; empty when it ends before it begins."""
    now_ms = max(metrics.closed_until() * 1000, query.from_ms or 0)
    to_ms = query.to_ms if query.to_ms is not None else now_ms
    from_ms = query.from_ms if query.from_ms is not None else to_ms - DAY_S * 1000
    from_ms = max(0, to_ms - RANGE_MAX_S * 1000, from_ms)  # nothing older is kept
    return min(from_ms, to_ms) // 1000, -(-to_ms // 1000)


def _fitting_step(step_s: int, from_s: int, to_s: int, *, groups: int = 1) -> int:
    """The step asked for, or the next wider one that keeps an answer to `BUCKETS_MAX` buckets.

    Args:   groups: that stand in memory together; a CSV is streamed, one after the other.

    Raises: InvalidInput: no bucket has that width.
    """
    if step_s not in CHOSEN_STEPS_S:
        raise InvalidInput(
            "Expected seconds that divide a minute, or minutes that divide a day", field="step"
        )
    narrowest_s = max(step_s, (to_s - from_s) * groups / BUCKETS_MAX)
    return next((step for step in CHOSEN_STEPS_S if step >= narrowest_s), CHOSEN_STEPS_S[-1])


def _groups(metrics: MetricsReader, query: FiguresQuery, from_s: int) -> list[str]:
    if query.group is not None:
        return [query.group]
    return metrics.groups(query.group_by, from_s)


def _columns(buckets: Iterator[Bucket]) -> dict[str, list[Any]]:
    """Turn buckets into columns; buckets without figures are not there."""
    columns: dict[str, list[Any]] = {}
    for bucket in buckets:
        row = {"at": bucket.start_s * 1000, "partial": bucket.partial, **_describe(bucket.figures)}
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def _describe(figures: Figures) -> dict[str, Any]:
    """Every figure of a bucket or range by name; times in ms, shares 0..1."""
    counts = figures.counts
    described: dict[str, Any] = {name: counts[name] for name in COUNTS}
    described["pending_max"] = figures.pending_max
    described["utilisation"] = figures.utilisation
    described["failure_rate"] = figures.failure_rate
    described["attainment"] = figures.attainment
    for axis in AXES:
        described[f"{axis}_n"] = figures.samples(axis)
        described[f"{axis}_total_ms"] = round(figures.time_ms(axis))
        for percent in _PERCENTILES:
            value = figures.quantile(axis, percent / 100)
            described[f"{axis}_p{percent}_ms"] = None if value is None else round(value, 1)
    return described
