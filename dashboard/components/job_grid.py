"""A table of one list of jobs, held by AG Grid and filled from the store (assets/js/68_job_grid.js).

Renderers are functions of assets/js/67_grid_cells.js; nothing is an expression in a string, so the
page needs no `unsafe-eval`. Without a sort of the person's own, rows stand in the order of the hub.
"""

from __future__ import annotations

from typing import Any, Final

import dash
import dash_ag_grid as dag
from dash import html
from dash.development.base_component import Component

from dashboard.components.widget import Widget, part

Column = dict[str, Any]

JOB_PATH: Final = "/jobs/<job_id>"

DEFAULT_COLUMN: Final[Column] = {
    "sortable": True,
    "resizable": True,
    "suppressHeaderMenuButton": True,
    "suppressMovable": True,
    "sortingOrder": ["asc", "desc", None],
}
GRID_OPTIONS: Final[dict[str, Any]] = {
    "theme": {"function": "jobhubTheme(themeQuartz)"},
    "rowHeight": 38,
    "headerHeight": 36,
    "animateRows": False,
    "suppressNoRowsOverlay": True,
    "suppressScrollOnNewData": True,
    "tooltipShowDelay": 400,
    "enableCellTextSelection": True,
    # One stop for the headings, one for the rows; arrows walk in them, as WAI-ARIA has it for grids.
    "tabToNextHeader": {"function": "jobhubTabFromHeading(params)"},
    "tabToNextCell": {"function": "jobhubTabFromCell(params)"},
    "rowSelection": {
        "mode": "multiRow",
        "checkboxes": True,
        "headerCheckbox": True,
        "enableClickSelection": False,
    },
    "selectionColumnDef": {"width": 42, "resizable": False, "suppressHeaderMenuButton": True},
}


def _text(function: str, *, tooltip: str | None = None) -> Column:
    """A cell of plain text: many times cheaper than an element where rows come and go all the time."""
    column: Column = {"valueFormatter": {"function": f"{function}(params)"}}
    if tooltip:
        column["tooltipValueGetter"] = {"function": f"{tooltip}(params)"}
    return column


def _cell(function: str) -> Column:
    """A cell that is more than text; the function gives AG Grid its class, which needs no React."""
    return {"cellRendererSelector": {"function": f"{function}(params)"}}


# `show_from`: the width of the table in pixels from which a column is shown.
_COLUMNS: Final[dict[str, Column]] = {
    "job": {"headerName": "Job", "field": "job_id", **_cell("jobhubJobId"), "width": 92},
    "type": {"headerName": "Type", "field": "job_type", "flex": 2, "minWidth": 96},
    "priority": {
        "headerName": "Priority",
        "field": "priority",
        "type": "rightAligned",
        "width": 92,
        "show_from": 560,
    },
    "status": {
        "headerName": "State",
        "field": "status",
        **_cell("jobhubStatus"),
        "width": 118,
        "show_from": 700,
    },
    "progress": {
        "headerName": "Progress",
        "field": "progress.percent",
        **_cell("jobhubProgress"),
        "flex": 3,
        "minWidth": 112,
    },
    "worker": {
        "headerName": "Worker",
        "field": "worker_id",
        "flex": 2,
        "minWidth": 110,
        "show_from": 620,
    },
    "attempt": {
        "headerName": "Attempt",
        "field": "attempt",
        **_text("jobhubAttempt"),
        "width": 94,
        "type": "rightAligned",
        "show_from": 780,
    },
    "customer": {
        "headerName": "Customer",
        "field": "customer_id",
        "flex": 2,
        "minWidth": 110,
        "show_from": 900,
    },
    "workflow": {
        "headerName": "Workflow",
        "field": "workflow_id",
        "flex": 2,
        "minWidth": 110,
        "show_from": 1300,
    },
    "submitted": {
        "headerName": "Submitted",
        "field": "created_at",
        **_text("jobhubMoment", tooltip="jobhubExact"),
        "width": 124,
        "type": "rightAligned",
        "show_from": 560,
    },
    "waiting": {
        "headerName": "Waiting",
        "field": "pending_at",
        **_text("jobhubAge", tooltip="jobhubExact"),
        "width": 100,
        "type": "rightAligned",
        "ticks": True,
    },
    "running": {
        "headerName": "Running",
        "field": "started_at",
        **_text("jobhubAge", tooltip="jobhubExact"),
        "width": 100,
        "type": "rightAligned",
        "ticks": True,
        "show_from": 480,
    },
    "starts": {
        "headerName": "Starts",
        "field": "run_at",
        **_text("jobhubUntil", tooltip="jobhubExact"),
        "width": 110,
        "type": "rightAligned",
        "ticks": True,
    },
    "wait": {
        "headerName": "Wait",
        "field": "wait_ms",
        **_text("jobhubSpan"),
        "width": 96,
        "type": "rightAligned",
        "show_from": 640,
    },
    "run": {
        "headerName": "Run",
        "field": "run_ms",
        **_text("jobhubSpan"),
        "width": 96,
        "type": "rightAligned",
    },
    "error": {
        "headerName": "Error",
        "field": "error.type",
        **_cell("jobhubError"),
        "flex": 4,
        "minWidth": 170,
    },
    "finished": {
        "headerName": "Finished",
        "field": "finished_at",
        **_text("jobhubMoment", tooltip="jobhubExact"),
        "width": 108,
        "type": "rightAligned",
    },
}

LISTS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "active": (
        "Active",
        ("job", "type", "status", "progress", "running", "worker", "priority", "attempt"),
    ),
    "pending": (
        "Pending",
        ("job", "type", "waiting", "priority", "attempt", "customer"),
    ),
    "scheduled": ("Scheduled", ("job", "type", "starts", "priority", "attempt", "error")),
    "completed": (
        "Completed",
        ("job", "type", "run", "finished", "wait", "worker", "attempt", "customer"),
    ),
    "failed": ("Failed", ("job", "type", "error", "finished", "worker", "run", "attempt")),
    "cancelled": ("Cancelled", ("job", "type", "finished", "worker", "run", "customer")),
}


def job_grid(list_name: str) -> Component:
    """Build the table of a list.

    Ids are links as soon as there is a page of a job.

    Args: list_name: of LISTS.
    """
    columns = [grid_column(name) for name in LISTS[list_name][1]]
    ticking = [name for name in LISTS[list_name][1] if _COLUMNS[name].get("ticks")]
    shown_from = widths_needed(LISTS[list_name][1])
    grid = dag.AgGrid(
        id=grid_id(list_name),
        columnDefs=columns,
        defaultColDef=DEFAULT_COLUMN,
        rowData=[],
        getRowId="params.data.job_id",
        dashGridOptions={
            **GRID_OPTIONS,
            "postSortRows": {"function": f"jobhubOrder_{list_name}(params)"},
        },
        className="grid",
        style={"height": "100%", "width": "100%"},
    )
    return Widget(
        "job_grid",
        [grid, html.Div(className="grid-empty", hidden=True, **part("empty"))],
        className="grid-frame",
        options={
            "list": list_name,
            "grid": grid_id(list_name),
            "ticking": ticking,
            "shown_from": shown_from,
        },
    )


def widths_needed(names: tuple[str, ...]) -> dict[str, int]:
    """Tell from how many pixels of the table on each column is shown; the others always are."""
    return {name: _COLUMNS[name]["show_from"] for name in names if "show_from" in _COLUMNS[name]}


def grid_id(list_name: str) -> str:
    """Name the grid of a list."""
    return f"grid-{list_name}"


def grid_column(name: str) -> Column:
    """Give AG Grid's definition of one of our columns."""
    ours = {"ticks", "show_from"}
    column = {key: value for key, value in _COLUMNS[name].items() if key not in ours}
    if name == "job" and _has_job_page():
        column["cellRendererParams"] = {"href": "/jobs/"}
    return {"colId": name, **column}


def _has_job_page() -> bool:
    return any(page["path_template"] == JOB_PATH for page in dash.page_registry.values())
