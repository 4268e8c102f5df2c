"""Workers: who is there, what each has in hand and takes, how busy it was; drain and resume.

The rows are drawn in the browser from the store (assets/js/82_worker_table.js). Only utilisation is
read here, once a view: it is a figure of the last hour, not a state.
"""

from __future__ import annotations

import time
from typing import Any, Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.panel import panel
from dashboard.components.tile import tile
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi
from hub.errors import JobhubError

PATH: Final = "/workers"
NAME: Final = "Workers"
IN_NAVIGATION: Final = True

HOUR_MS: Final = 3_600_000
_GROUP: Final = "worker:"

_TILES: Final = (
    ("workers", "Workers", "Connected workers"),
    ("active", "Active", "Jobs that a worker has"),
    ("utilisation", "Utilisation", "Busy among the offered slots, last 10 seconds"),
    ("failure_rate", "Failure rate", "Failed for good among the finished, last minute"),
)
_STATES: Final = (
    ("all", "All"),
    ("busy", "Busy"),
    ("idle", "Idle"),
    ("draining", "Draining"),
    ("offline", "Offline"),
)
_LOOKS: Final = (("table", "Table"), ("cards", "Cards"))
_SORTS: Final = (
    ("name", "By name"),
    ("slots", "Most slots in use"),
    ("utilisation", "Busiest last hour"),
    ("failed", "Most failed"),
    ("heard", "Silent the longest"),
)
# Title, class of its cells; "number" columns are right-aligned.
_COLUMNS: Final = (
    ("Worker", ""),
    ("State", ""),
    ("Slots", ""),
    ("Jobs in hand", ""),
    ("Takes", ""),
    ("Done", "number"),
    ("Failed", "number"),
    ("Busy, last hour", ""),
    ("Heard of", "number"),
    ("Host", ""),
)


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page."""
    tiles = Widget(
        "tiles", [tile(*given) for given in _TILES], className="tiles tiles-four fleet-tiles"
    )
    return html.Div(
        Widget(
            "worker_table",
            [_head(), tiles, _list()],
            className="fleet",
            options={"utilisation": read_utilisation(hub)},
        ),
        className="page",
    )


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back: actions are the shell's, the rest is drawn in the browser."""


def read_utilisation(hub: HubApi) -> dict[str, float]:
    """Read the busy share of offered slot time of the last hour, by worker id.

    Without an answer it is empty, and the page does without: the shell says that the hub is gone.
    """
    now_ms = time.time_ns() // 1_000_000
    query = {"from": now_ms - HOUR_MS, "to": now_ms, "group_by": "worker"}
    try:
        rows = hub.get("/api/metrics/summary", query)["rows"]
    except JobhubError:
        return {}
    return {
        row["group"].removeprefix(_GROUP): row["utilisation"]
        for row in rows
        if row["utilisation"] is not None
    }


def _head() -> Component:
    states = [
        html.Button(label, className="segment", **_pressed("state", value, value == "all"))
        for value, label in _STATES
    ]
    looks = [
        html.Button(label, className="segment", **_pressed("look", value, value == "table"))
        for value, label in _LOOKS
    ]
    sorts = [html.Option(label, value=value) for value, label in _SORTS]
    return html.Div(
        [
            html.H1(NAME, className="page-title"),
            html.Span("", className="page-note", role="status", **part("note")),
            html.Div(className="filter", **part("filter")),
            html.Div(states, className="segments", role="group", **_label("State")),
            html.Select(sorts, className="select", **part("sort"), **_label("Order")),
            html.Div(looks, className="segments looks", role="group", **_label("Look")),
        ],
        className="page-head fleet-head",
    )


def _list() -> Component:
    # Roles are written out: a table that styles lay out as cards would lose them in some browsers.
    heads = [
        html.Th(title, scope="col", role="columnheader", className=class_name)
        for title, class_name in _COLUMNS
    ]
    actions = html.Th(
        html.Span("Actions", className="visually-hidden"), scope="col", role="columnheader"
    )
    table = html.Table(
        [
            html.Thead(html.Tr([*heads, actions], role="row"), role="rowgroup"),
            html.Tbody(role="rowgroup", **part("rows")),
        ],
        className="fleet-table",
        role="table",
        **_label("Workers"),
    )
    more = html.Button("", className="button", hidden=True, **part("more"))
    return panel(
        "Fleet",
        "Connected workers first; figures count since a worker was first seen",
        html.Div(
            [
                html.Div(
                    table, className="table-scroll", tabIndex=0, role="region", **_label("Fleet")
                ),
                html.Div("No worker has connected yet", className="fleet-empty", **part("empty")),
                html.Div(more, className="fleet-more"),
            ]
        ),
        class_name="fleet-panel",
    )


def _pressed(kind: str, value: str, pressed: bool) -> dict[str, Any]:
    return {f"data-{kind}": value, "aria-pressed": "true" if pressed else "false"}


def _label(text: str) -> dict[str, Any]:
    return {"aria-label": text}
