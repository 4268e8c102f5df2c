"""The tables of the analytics page: types by time, errors by kind, and the backlog's end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard.analytics import words
from dashboard.analytics.drain import DrainTime

_TOP: Final = 10


def types_table(rows: Sequence[Mapping[str, Any]]) -> Component:
    """The ten job types that took most time."""
    busiest = [row for row in rows if row["started"] or row["submitted"]][:_TOP]
    if not busiest:
        return html.P("No job ran in this range.", className="muted table-empty")
    longest = max(row["run_total_ms"] for row in busiest) or 1
    head = ("Job type", "Time", "", "Done", "Failed", "Wait p95", "Run p50", "Run p95")
    body = [
        [
            html.Td(row["job_type"], className="name", title=row["job_type"]),
            html.Td(words.duration(row["run_total_ms"]), className="number"),
            html.Td(_bar(row["run_total_ms"] / longest), className="bar-cell"),
            html.Td(words.count(row["completed"]), className="number"),
            html.Td(words.count(row["failed"]), className="number"),
            html.Td(words.duration(row["wait_p95_ms"]), className="number"),
            html.Td(words.duration(row["run_p50_ms"]), className="number"),
            html.Td(words.duration(row["run_p95_ms"]), className="number"),
        ]
        for row in busiest
    ]
    return _table(head, body)


def errors_table(errors: Sequence[Mapping[str, Any]], at: Any) -> Component:
    """Failed attempts by kind, most frequent first.

    Args: at: writes a moment of the hub in the viewer's time zone.
    """
    if not errors:
        return html.P("No attempt failed in this range.", className="muted table-empty")
    head = ("Error", "Message", "Count", "First seen", "Last seen")
    body = [
        [
            html.Td(error.get("error_type") or "forgotten", className="name"),
            html.Td(
                error.get("message") or words.NONE,
                className="message",
                title=error.get("message") or "",
            ),
            html.Td(words.count(error["count"]), className="number"),
            html.Td(_moment(error.get("first_at"), at), className="number"),
            html.Td(_moment(error.get("last_at"), at), className="number"),
        ]
        for error in errors
    ]
    return _table(head, body)


def drain_sentence(pending: int, drain: DrainTime, more_workers: int) -> Component:
    """Say when the backlog will be gone, with its likely range."""
    workers = "worker" if more_workers == 1 else "workers"
    case = f"With {more_workers} more {workers}: " if more_workers else "At the present rate: "
    if pending == 0:
        return html.P("Nothing waits.", className="drain-sentence")
    if drain.seconds is None:
        best = _seconds(drain.low_s)
        hope = f"; at best {best}" if drain.low_s is not None else ""
        text = f"{case}the backlog of {words.count(pending)} does not shrink{hope}."
    else:
        slow = _seconds(drain.high_s) if drain.high_s is not None else "never"
        text = (
            f"{case}the backlog of {words.count(pending)} is gone in {_seconds(drain.seconds)}"
            f" (likely {_seconds(drain.low_s)} to {slow})."
        )
    return html.P(text, className="drain-sentence")


def _seconds(seconds: float | None) -> str:
    return words.duration(None if seconds is None else seconds * 1000)


def _moment(ms: int | None, at: Any) -> str:
    return words.NONE if ms is None else at(ms).strftime("%d %b %H:%M")


def _bar(share: float) -> Component:
    return html.Div(html.Div(style={"width": f"{share * 100:.1f}%"}), className="bar")


def _table(head: Sequence[str], body: Sequence[Sequence[Component]]) -> Component:
    """Build a table; a heading stands as the cells below it do."""
    cells = [_heading(title, cell) for title, cell in zip(head, body[0], strict=True)]
    rows = [html.Tr(list(row)) for row in body]
    table = html.Table([html.Thead(html.Tr(cells)), html.Tbody(rows)], className="figures-table")
    return html.Div(table, className="table-scroll", tabIndex=0)


def _heading(title: str, cell: Component) -> Component:
    if not title:  # a drawing of the column before
        return html.Td(className="no-head")
    return html.Th(title, scope="col", className="number" if _is_number(cell) else "")


def _is_number(cell: Component) -> bool:
    return getattr(cell, "className", "") == "number"
