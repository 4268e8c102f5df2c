"""Everything that the analytics page says of a range, asked of the hub once a view, as pandas frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dashboard.analytics.drain import Traffic
from dashboard.analytics.timespan import Timespan
from dashboard.hub_client import HubApi

if TYPE_CHECKING:
    import pandas as pd

_TRAFFIC_S: Final = 900
_TOP: Final = 10


@dataclass(frozen=True)
class Report:
    """The answer to one view. Frames are indexed by the start of buckets in local time, gaps included."""

    span: Timespan
    total: Mapping[str, Any]
    total_before: Mapping[str, Any]
    series: pd.DataFrame
    series_before: pd.DataFrame
    groups: Mapping[str, pd.DataFrame]
    by_type: list[dict[str, Any]]
    hours: pd.DataFrame
    errors: list[dict[str, Any]]
    promises: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    traffic: Traffic


def read_report(hub: HubApi, span: Timespan) -> Report:
    """Ask the hub.

    Raises: HubUnreachable, HubRefused.
    """
    series = _series(hub, span)
    by_type = _by_type(hub, span)
    return Report(
        span=span,
        total=_total(hub, span),
        total_before=_total(hub, span.before),
        series=_frame(series["all"], span),
        series_before=_frame(_series(hub, span.before)["all"], span.before),
        groups=_groups(hub, span, by_type),
        by_type=by_type,
        hours=_hours(hub, span),
        errors=hub.get("/api/errors", {**span.query, "limit": _TOP})["errors"],
        promises=_promises(hub, by_type),
        marks=hub.get("/api/marks", span.query)["marks"],
        traffic=read_traffic(hub, span.to_ms),
    )


def read_group(hub: HubApi, span: Timespan, group: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ask the hub for one group, `worker:ID` or `type:NAME`: its series of the range and of the one before.

    Raises: HubUnreachable, HubRefused.
    """
    now = _series(hub, span, group=group)[group]
    before = _series(hub, span.before, group=group)[group]
    return _frame(now, span), _frame(before, span.before)


def read_traffic(hub: HubApi, now_ms: int) -> Traffic:
    """Ask the hub for the last quarter of an hour and for what waits now.

    Raises: HubUnreachable, HubRefused.
    """
    recent = {"from": now_ms - _TRAFFIC_S * 1000, "to": now_ms}
    figures = hub.get("/api/metrics/summary", recent)["rows"][0]
    stats = hub.get("/api/stats")
    connected = stats["workers"]["idle"] + stats["workers"]["busy"]
    return Traffic(
        pending=stats["counts"]["pending"],
        arrived=figures["submitted"],
        finished=figures["completed"] + figures["failed"] + figures["cancelled"],
        span_s=_TRAFFIC_S,
        busy_slot_s=figures["busy_ms"] / 1000,
        slots=figures["offered_ms"] / 1000 / _TRAFFIC_S,
        workers=connected,
    )


def _series(hub: HubApi, span: Timespan, **query: Any) -> Any:
    asked = {**span.query, "step": span.step_s, **query}
    return hub.get("/api/metrics/series", asked)["groups"]


def _total(hub: HubApi, span: Timespan) -> Any:
    return hub.get("/api/metrics/summary", span.query)["rows"][0]


def _groups(hub: HubApi, span: Timespan, by_type: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """The series of the busiest groups, where the page is split by one."""
    if span.group_by == "all":
        return {}
    summary = by_type if span.group_by == "job_type" else _summary(hub, span, span.group_by)
    busiest = sorted(summary, key=lambda row: row["completed"] + row["failed"], reverse=True)
    return {
        row["group"]: _frame(_series(hub, span, group=row["group"])[row["group"]], span)
        for row in busiest[:6]
        if row["completed"] + row["failed"]
    }


def _summary(hub: HubApi, span: Timespan, group_by: str) -> list[dict[str, Any]]:
    asked = {**span.query, "group_by": group_by}
    rows: list[dict[str, Any]] = hub.get("/api/metrics/summary", asked)["rows"]
    return rows


def _by_type(hub: HubApi, span: Timespan) -> list[dict[str, Any]]:
    rows = _summary(hub, span, "job_type")
    for row in rows:
        row["job_type"] = row["group"].removeprefix("type:")
    return sorted(rows, key=lambda row: row["run_total_ms"], reverse=True)


def _promises(hub: HubApi, by_type: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each promise with its figures of the range."""
    promises: list[dict[str, Any]] = hub.get("/api/slo")["slo"]
    rows = {row["job_type"]: row for row in by_type}
    for promise in promises:
        figures = rows.get(promise["job_type"], {})
        promise["met"] = figures.get("slo_met", 0)
        promise["missed"] = figures.get("slo_missed", 0)
    return promises


def _hours(hub: HubApi, span: Timespan) -> pd.DataFrame:
    """Busy and offered slot time by hour and weekday of the viewer; a week at least."""
    import pandas as pd

    asked = {**span.with_week.query, "step": 3_600}
    columns = hub.get("/api/metrics/series", asked)["groups"]["all"]
    frame = pd.DataFrame(columns, columns=["at", "busy_ms", "offered_ms"])
    local = pd.to_datetime(frame["at"], unit="ms", utc=True).dt.tz_convert(span.zone)
    frame["weekday"], frame["hour"] = local.dt.day_of_week, local.dt.hour
    sums = frame.groupby(["weekday", "hour"])[["busy_ms", "offered_ms"]].sum()
    share = (sums["busy_ms"] / sums["offered_ms"].where(sums["offered_ms"] > 0)).unstack("hour")
    return share.reindex(index=range(7), columns=range(24))


def _frame(columns: Mapping[str, Any], span: Timespan) -> pd.DataFrame:
    """Put buckets on a whole time line: counts of a bucket without figures are 0, percentiles unknown."""
    import pandas as pd

    step_ms = span.step_s * 1000
    first = span.from_ms // step_ms * step_ms
    line = range(first, span.to_ms, step_ms)
    frame = pd.DataFrame(columns or {"at": []}).set_index("at").reindex(line)
    counts = ["submitted", "started", "completed", "failed", "cancelled", "retried"]
    for name in (*counts, "busy_ms", "offered_ms", "wait_n", "run_n"):
        frame[name] = frame[name].fillna(0) if name in frame else 0
    for name in _MEASURED:
        if name not in frame:
            frame[name] = None
    frame["partial"] = frame["partial"].eq(True) if "partial" in frame else False
    frame.index = pd.to_datetime(frame.index, unit="ms", utc=True).tz_convert(span.zone)
    return frame


_MEASURED: Final = (
    *(f"{axis}_p{percent}_ms" for axis in ("wait", "run") for percent in (50, 95, 99)),
    "utilisation",
    "pending_max",
)
