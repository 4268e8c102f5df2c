"""/api/snapshot, /api/stats, /api/metrics and /api/export: state and figures to read."""

from __future__ import annotations

import time

import msgspec
from flask import Blueprint, Response

from hub.access import Access
from hub.errors import InvalidInput
from hub.export import metrics_csv
from hub.http.problems import answer, csv_answer
from hub.http.queries import read_query
from hub.messages import Inbound, TimeMs
from hub.metrics import MetricsReader
from hub.snapshot import SnapshotReader

_DAY_MS = 86_400_000
_RANGE_MAX_MS = 31 * _DAY_MS


class RangeQuery(Inbound, frozen=True):
    """Unix milliseconds; the last 24 hours by default."""

    from_ms: TimeMs | None = msgspec.field(default=None, name="from")
    to_ms: TimeMs | None = msgspec.field(default=None, name="to")


def figures_blueprint(
    snapshots: SnapshotReader, metrics: MetricsReader, access: Access
) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("figures", __name__, url_prefix="/api")

    @routes.get("/snapshot")
    def snapshot() -> Response:
        return Response(snapshots.read().document(), mimetype="application/json")

    @routes.get("/stats")
    def stats() -> Response:
        return answer(snapshots.read_stats())

    @routes.get("/metrics/series")
    def series() -> Response:
        from_ms, to_ms = _read_range()
        return answer({"bucket_s": 60, "rows": list(metrics.minutes(from_ms, to_ms))})

    @routes.get("/export/metrics.csv")
    def export_metrics() -> Response:
        from_ms, to_ms = _read_range()
        return csv_answer("metrics.csv", metrics_csv(metrics.minutes(from_ms, to_ms)))

    @routes.post("/tickets")
    def ticket() -> Response:
        return answer({"ticket": access.issue_ticket(), "expires_in_s": 30}, 201)

    return routes


def _read_range() -> tuple[int, int]:
    query = read_query(RangeQuery)
    to_ms = query.to_ms if query.to_ms is not None else time.time_ns() // 1_000_000 + 60_000
    from_ms = query.from_ms if query.from_ms is not None else max(0, to_ms - _DAY_MS)
    if from_ms > to_ms:
        raise InvalidInput("must not be after `to`", field="from")
    if to_ms - from_ms > _RANGE_MAX_MS:
        raise InvalidInput("at most 31 days before `to`", field="from")
    return from_ms, to_ms
