"""Everything that the analytics page says of a range, asked of the hub once a view, as pandas frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dashboard.analytics.drain import Traffic
from dashboard.analytics.frames import Columns, by_hour_and_weekday, on_time_line
from dashboard.analytics.timespan import DAY_MS, Timespan
from dashboard.hub_client import HubApi

if TYPE_CHECKING:
    import pandas as pd

_TRAFFIC_S: Final = 900
_HOUR_S: Final = 3_600
_TOP: Final = 10
_SPLIT_MAX: Final = 6  # lines that the eye tells apart

# What the charts draw of each bucket; a percentile that nobody looks at is not computed.
_DRAWN: Final = (
    *("completed", "failed", "pending_max", "utilisation"),
    *("wait_n", "wait_p50_ms", "wait_p95_ms", "wait_p99_ms"),
    *("run_n", "run_p50_ms", "run_p95_ms", "run_p99_ms"),
)
_DRAWN_BEFORE: Final = ("completed", "failed")
_DRAWN_SPLIT: Final = ("completed", "wait_p95_ms", "run_p95_ms")
_SLOT_TIME: Final = ("busy_ms", "offered_ms")


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
    by_type = _by_type(hub, span)
    return Report(
        span=span,
        total=_total(hub, span),
        total_before=_total(hub, span.before),
        series=_series(hub, span, _DRAWN),
        series_before=_series(hub, span.before, _DRAWN_BEFORE),
        groups=_groups(hub, span, by_type),
        by_type=by_type,
        hours=_hours(hub, span.with_week),
        errors=hub.get("/api/errors", {**span.query, "limit": _TOP})["errors"],
        promises=_promises(hub, by_type),
        marks=hub.get("/api/marks", span.query)["marks"],
        traffic=read_traffic(hub, span.to_ms),
    )


def read_group(hub: HubApi, span: Timespan, group: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ask the hub for one group, `worker:ID` or `type:NAME`: its series of the range and of the one before.

    Raises: HubUnreachable, HubRefused.
    """
    before = _series(hub, span.before, _DRAWN_BEFORE, group)
    return _series(hub, span, _DRAWN, group), before


def read_beginning(hub: HubApi, now_ms: int) -> int | None:
    """Tell when the hub's figures begin, to a quarter of an hour; None when nothing is known of a week.

    Raises: HubUnreachable, HubRefused.
    """
    week = {"from": now_ms - 7 * DAY_MS, "to": now_ms, "step": _TRAFFIC_S}
    series = hub.get("/api/metrics/series", {**week, "columns": "submitted"})["groups"]["all"]
    return series["at"][0] if series else None


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


def _series(hub: HubApi, span: Timespan, wanted: Sequence[str], group: str = "all") -> pd.DataFrame:
    columns = _columns(hub, span, wanted, group, span.step_s)
    return on_time_line(columns, wanted, span)


def _columns(
    hub: HubApi, span: Timespan, wanted: Sequence[str], group: str, step_s: int
) -> Columns:
    query = {**span.query, "step": step_s, "group": group, "columns": ",".join(wanted)}
    found: Columns = hub.get("/api/metrics/series", query)["groups"][group]
    return found


def _hours(hub: HubApi, span: Timespan) -> pd.DataFrame:
    columns = _columns(hub, span, _SLOT_TIME, "all", _HOUR_S)
    return by_hour_and_weekday(columns, span.zone)


def _total(hub: HubApi, span: Timespan) -> Any:
    return hub.get("/api/metrics/summary", span.query)["rows"][0]


def _groups(hub: HubApi, span: Timespan, by_type: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """The series of the busiest groups, where the page is split by one."""
    if span.group_by == "all":
        return {}
    summary = by_type if span.group_by == "job_type" else _summary(hub, span, span.group_by)
    busiest = sorted(summary, key=lambda row: row["completed"] + row["failed"], reverse=True)
    return {
        row["group"]: _series(hub, span, _DRAWN_SPLIT, row["group"])
        for row in busiest[:_SPLIT_MAX]
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
