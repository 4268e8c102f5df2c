"""Jobs: search over everything that is kept, page by page on the server; act on many at once.

Python builds the frame; assets/js/88_jobs.js reads the filter from the URL, asks the hub through
dashboard/job_routes.py and fills it. So a link shows a colleague the same view.
"""

from __future__ import annotations

from typing import Any, Final

import dash_ag_grid as dag
from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.job_grid import (
    DEFAULT_COLUMN,
    GRID_OPTIONS,
    Column,
    grid_column,
    widths_needed,
)
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi
from hub.states import JOB_STATUSES

PATH: Final = "/jobs"
NAME: Final = "Jobs"
IN_NAVIGATION: Final = True

GRID: Final = "jobs-grid"
COLUMNS: Final = (
    "job",
    "type",
    "status",
    "priority",
    "submitted",
    "finished",
    "run",
    "wait",
    "worker",
    "attempt",
    "customer",
    "workflow",
    "error",
)
SORTS: Final = {"submitted": "created_at", "finished": "finished_at", "priority": "priority"}
# Where this table differs from those of the Live page.
_SHOW_FROM: Final = {
    "status": 0,
    "finished": 460,
    "priority": 560,
    "submitted": 680,
    "run": 830,
    "error": 980,
    "worker": 1080,
    "customer": 1190,
    "wait": 1290,
    "workflow": 1420,
    "attempt": 1520,
}
_WIDTHS: Final[dict[str, Column]] = {
    "type": {"flex": 3, "minWidth": 96},
    "finished": {"width": 124},
    "error": {"minWidth": 140},
}
_ACTIONS: Final = (
    ("retry", "Retry", ""),
    ("cancel", "Cancel", ""),
    ("priority", "Priority", ""),
    ("purge", "Purge", ""),
)


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the frame; the query is read in the browser."""
    return Widget(
        "jobs",
        [_head(), _filters(), _results()],
        className="page jobs",
        options={
            "grid": GRID,
            "columns": {name: grid_column(name)["headerName"] for name in COLUMNS},
            "shown_from": {**widths_needed(COLUMNS), **_SHOW_FROM},
            "sorts": SORTS,
            "statuses": JOB_STATUSES,
        },
    )


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back: the page talks to dashboard/job_routes.py."""


def _head() -> Component:
    export = html.A(
        "Export CSV",
        href="/export/jobs.csv",
        className="button",
        download="jobs.csv",
        title="Every job that passes the filter, as CSV",
        **part("export"),
    )
    return html.Div(
        [
            html.H1(NAME, className="page-title"),
            html.Span("", className="page-note", **part("note")),
            html.Button("Copy link", className="button button-quiet", **part("link")),
            export,
        ],
        className="page-head",
    )


def _filters() -> Component:
    return html.Section(
        [
            html.H2("Filter", className="visually-hidden"),
            html.Div(className="jobs-form", role="search", **part("form")),
        ],
        className="panel",
    )


def _results() -> Component:
    grid = dag.AgGrid(
        id=GRID,
        columnDefs=[_column(name) for name in COLUMNS],
        defaultColDef={**DEFAULT_COLUMN, "sortable": False},
        rowData=[],
        getRowId="params.data.job_id",
        dashGridOptions={
            **GRID_OPTIONS,
            "postSortRows": {"function": "jobhubAsFound(params)"},
        },
        className="grid",
        style={"height": "100%", "width": "100%"},
    )
    empty = html.Div(className="grid-empty jobs-empty", hidden=True, **part("empty"))
    return html.Section(
        [
            html.H2("Results", className="visually-hidden"),
            html.Div(_toolbar(), className="toolbar jobs-toolbar"),
            html.Div([grid, empty], className="jobs-grid"),
            html.Div(
                [
                    html.Span("", className="jobs-foot-note", **part("foot"), **_polite()),
                    html.Button("Previous", className="button", disabled=True, **part("previous")),
                    html.Button("Next", className="button", disabled=True, **part("next")),
                ],
                className="panel-foot jobs-foot",
            ),
        ],
        className="panel",
    )


def _toolbar() -> list[Component]:
    everything = html.Button(
        "All that match",
        className="button operates",
        title="Act on every job that passes the filter, on all pages",
        **part("everything"),
    )
    actions = [
        html.Button(word, className=f"button {look}".strip(), disabled=True, **part(name))
        for name, word, look in _ACTIONS
    ]
    return [
        everything,
        html.Span("", className="selection-count", **part("selected"), **_polite()),
        html.Div(actions, className="button-row operates", role="group", **_label("Selected jobs")),
        html.Div(className="jobs-columns", **part("columns")),
        html.Button("Reload", className="button", **part("reload")),
    ]


def _column(name: str) -> Column:
    return {**grid_column(name), **_WIDTHS.get(name, {}), "sortable": name in SORTS}


def _label(text: str) -> dict[str, Any]:
    return {"aria-label": text}


def _polite() -> dict[str, Any]:
    return {"aria-live": "polite"}
