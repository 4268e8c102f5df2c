"""The four tiles and the line of promises at the head of the analytics page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.analytics import words
from dashboard.analytics.report import Report
from hub.figures import error_budget_left


def tiles(report: Report) -> Component:
    """Completed, failure rate, wait p95 and utilisation, each against the previous period."""
    now, before = report.total, report.total_before
    return html.Div(
        [
            _tile(
                "Completed",
                words.count(now["completed"]),
                "jobs",
                now["completed"],
                before["completed"],
            ),
            _tile(
                "Failure rate",
                words.percent(now["failure_rate"]),
                "%",
                now["failure_rate"],
                before["failure_rate"],
                note=f"{words.count(now['failed'])} failed, {words.count(now['retried'])} retries",
                good=-1,
            ),
            _tile(
                "Wait p95",
                *_parted(now["wait_p95_ms"]),
                now["wait_p95_ms"],
                before["wait_p95_ms"],
                note=f"n = {words.count(now['wait_n'])}",
                good=-1,
            ),
            _tile(
                "Utilisation",
                words.percent(now["utilisation"], 0),
                "%",
                now["utilisation"],
                before["utilisation"],
                note=_slot_hours(now),
                good=0,
            ),
        ],
        className="tiles tiles-four",
    )


def promise_list(report: Report) -> Component:
    """Each promise: attainment against its objective, budget left, and who waits still counted."""
    if not report.promises:
        return html.P(
            "No promise is set yet. Say how long jobs of a type may wait, and this line says"
            " whether that is kept, waiting jobs included.",
            className="muted promise-none",
        )
    return html.Ul([_promise(promise) for promise in report.promises], className="promises")


def _promise(promise: Mapping[str, Any]) -> Component:
    due = promise["met"] + promise["missed"]
    attained = promise["met"] / due if due else None
    left = error_budget_left(promise["met"], promise["missed"], promise["objective"])
    kept = attained is None or attained >= promise["objective"]
    target = words.duration(promise["target_ms"])
    objective = words.percent(promise["objective"], 1)
    return html.Li(
        [
            html.Div(
                [
                    html.Strong(promise["job_type"], className="promise-type"),
                    html.Span(f"{objective} % start within {target}", className="muted"),
                ],
                className="promise-head",
            ),
            _attainment(attained, kept),
            html.Div(
                html.Div(
                    className="promise-bar", style={"width": f"{_clamped(left) if due else 0}%"}
                ),
                className="promise-track",
                **_hidden(),
            ),
            html.Span(
                f"{words.count(promise['missed'])} of {words.count(due)} late, "
                f"{_clamped(left):.0f} % of the error budget left"
                if due
                else "No job fell due in this range",
                className="muted promise-note",
            ),
        ],
        className="promise promise-kept" if kept else "promise promise-broken",
    )


def _attainment(attained: float | None, kept: bool) -> Component:
    """The share that was kept, and the verdict; `attained` is None when no job was due."""
    verdict, tone = ("kept", "green") if kept else ("broken", "rose")
    if attained is None:
        verdict, tone = "no job was due", "grey"
    share = words.NONE if attained is None else f"{words.percent(attained, 2)} %"
    return html.Div(
        [
            html.Span(share, className="promise-share"),
            html.Span(verdict, className=f"pill tone-{tone}"),
        ],
        className="promise-figure",
    )


def _hidden() -> dict[str, Any]:
    """A drawing whose figure stands beside it as text."""
    return {"aria-hidden": "true"}


def _clamped(left: float | None) -> float:
    return 100.0 if left is None else max(0.0, min(100.0, left * 100))


def _tile(
    label: str,
    value: str,
    unit: str,
    now: float | None,
    before: float | None,
    *,
    note: str = "",
    good: int = 1,
) -> Component:
    compared = words.change(now, before)
    rises = 1 if compared.startswith("▲") else -1 if compared.startswith("▼") else 0
    tone = "better" if rises * good > 0 else "worse" if rises * good < 0 else "same"
    return html.Div(
        [
            html.Div(label, className="tile-label"),
            html.Div(
                [
                    html.Span(value, className="tile-value"),
                    html.Span("" if value == words.NONE else unit, className="tile-unit"),
                ],
                className="tile-figure",
            ),
            html.Div(
                [
                    html.Span(compared, className=f"tile-change tile-change-{tone}"),
                    html.Span(note or ("against the period before" if rises else "")),
                ],
                className="tile-note",
            ),
        ],
        className="tile",
    )


def _parted(ms: float | None) -> tuple[str, str]:
    number, _, unit = words.duration(ms).partition(" ")
    return number, unit


def _slot_hours(now: Mapping[str, Any]) -> str:
    busy, offered = now["busy_ms"] / 3_600_000, now["offered_ms"] / 3_600_000
    return f"{busy:,.1f} of {offered:,.1f} slot hours"
