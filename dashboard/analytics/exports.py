"""Links to the CSV files that hold what the screen shows: the same range, step and groups."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from dashboard.analytics.timespan import Timespan


def metrics_href(span: Timespan, **changes: Any) -> str:
    """The buckets of a chart. Args: changes: another `step`, `group_by` or `group`."""
    return _href("metrics", {**span.query, "step": span.step_s, "group_by": "all", **changes})


def summary_href(span: Timespan, group_by: str) -> str:
    """Every figure of the whole range, a row a group."""
    return _href("summary", {**span.query, "group_by": group_by})


def range_href(name: str, span: Timespan) -> str:
    """A file that knows the range alone: promises, errors, marks."""
    return _href(name, span.query)


def jobs_href(span: Timespan) -> str:
    """The kept jobs that finished in the range."""
    return _href("jobs", {"finished_from": span.from_ms, "finished_to": span.to_ms})


def csv_link(href: str, what: str) -> Component:
    """Build the small link in the head of a panel. Args: what: is saved, for a screen reader."""
    label: Any = ["CSV", html.Span(f" of {what}", className="visually-hidden")]
    return html.A(label, href=href, className="panel-csv no-print", title=f"{what} as CSV")


def _href(name: str, query: dict[str, Any]) -> str:
    return f"/export/{name}.csv?{urlencode(query)}"
