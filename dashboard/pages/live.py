"""Live: the screen that an operator keeps open.

Python builds the frame once a page view; everything that moves is drawn in the browser, from the
store that the shell's EventStream feeds.
"""

from __future__ import annotations

from typing import Any, Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.chart import Trace, live_chart
from dashboard.components.job_grid import LISTS, job_grid
from dashboard.components.panel import panel
from dashboard.components.tile import tile
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi

PATH: Final = "/"
NAME: Final = "Live"
IN_NAVIGATION: Final = True

WINDOWS: Final = ((60, "1 min"), (300, "5 min"), (900, "15 min"), (3600, "60 min"))
_TABS: Final[dict[str, Any]] = {"aria-label": "Job lists"}
_FIRST_TAB: Final = "active"

_EVENT_KINDS: Final = (
    ("all", "All events"),
    ("problems", "Problems"),
    ("jobs", "Jobs"),
    ("workers", "Workers"),
    ("operators", "Operators"),
)
_TILES: Final = (
    ("pending", "Pending", "Jobs that wait for a worker; the oldest one's age"),
    ("active", "Active", "Jobs that a worker has"),
    ("throughput", "Throughput", "Finished jobs per second, last 10 seconds"),
    ("failure_rate", "Failure rate", "Failed for good among the finished, last minute"),
    ("wait_p95", "Wait p95", "From pending to started; highest second of the last 10"),
    ("run_p95", "Run p95", "From started to finished; highest second of the last 10"),
    ("utilisation", "Utilisation", "Busy among the offered slots, last 10 seconds"),
    ("workers", "Workers", "Connected workers"),
)


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page."""
    return html.Div(
        [
            _head(),
            Widget("tiles", [tile(*given) for given in _TILES], className="tiles"),
            html.Div(_charts(), className="charts"),
            html.Div(
                [
                    _jobs(),
                    html.Div([_queues(), _workers(), _log()], className="live-side"),
                ],
                className="live-main",
            ),
        ],
        className="page live",
    )


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back: actions are the shell's, the rest is drawn in the browser."""


def _head() -> Component:
    windows = [
        html.Button(label, className="segment", **_window(seconds)) for seconds, label in WINDOWS
    ]
    return Widget(
        "view_controls",
        [
            html.H1(NAME, className="page-title"),
            html.Span("", className="page-note", **part("note")),
            html.Button("Reset zoom", className="button button-quiet", hidden=True, **part("zoom")),
            html.A(
                "Export figures",
                href="/export/metrics.csv",
                className="button button-quiet",
                download="metrics.csv",
                title="Figures per minute of the last 24 hours, as CSV",
            ),
            html.Div(windows, className="segments", role="group", **_label("Time window")),
            html.Button("Pause", className="button", **part("pause")),
        ],
        className="page-head",
    )


def _charts() -> list[Component]:
    return [
        live_chart(
            "chart-throughput",
            "Throughput",
            "Jobs per second",
            (
                Trace("completed", "Completed", "series-blue", fill=True),
                Trace("failed", "Failed", "series-rose"),
                Trace("submitted", "Submitted", "series-grey"),
            ),
            axis="rate",
        ),
        live_chart(
            "chart-latency",
            "Latency",
            "Wait and run time of jobs",
            (
                Trace("run_p95", "Run p95", "series-brown"),
                Trace("run_p50", "Run p50", "series-teal"),
                Trace("wait_p95", "Wait p95", "series-violet"),
            ),
            axis="span",
        ),
        live_chart(
            "chart-utilisation",
            "Worker utilisation",
            "Busy share of offered slots",
            (Trace("utilisation", "Busy", "series-teal", fill=True),),
            axis="share",
        ),
    ]


def _jobs() -> Component:
    tabs = html.Div([_tab(name) for name in LISTS], className="tabs", role="tablist", **_TABS)
    return Widget(
        "job_tables",
        html.Section(
            [
                html.H2("Jobs", className="visually-hidden"),
                html.Div([tabs], className="tab-bar"),
                html.Div(_job_tools(), className="toolbar"),
                html.Div([_tab_panel(name) for name in LISTS], className="tab-panels"),
                html.P("", className="panel-foot", **part("foot")),
            ],
            className="panel",
        ),
        className="live-jobs",
    )


def _tab(name: str) -> Component:
    title, _ = LISTS[name]
    return html.Button(
        [title, html.Span("–", className="tab-count", **part(f"count-{name}"))],
        className="tab",
        role="tab",
        id=f"tab-{name}",
        **_attributes(list=name, selected=name == _FIRST_TAB),
    )


def _job_tools() -> list[Component]:
    return [
        html.Div(className="filter", **part("filter")),
        html.Span("", className="selection-count", **part("selected")),
        html.Button("Retry", className="button operates", disabled=True, **part("retry")),
        html.Button("Cancel", className="button operates", disabled=True, **part("cancel")),
        html.A(
            "Export CSV",
            href="/export/jobs.csv",
            className="button",
            download="jobs.csv",
            **part("export"),
        ),
    ]


def _tab_panel(name: str) -> Component:
    return html.Div(
        job_grid(name),
        role="tabpanel",
        hidden=name != _FIRST_TAB,
        className="tab-panel",
        **_label_by(name),
    )


def _queues() -> Component:
    return panel(
        "Queues",
        "Waiting jobs by type",
        Widget("queues", _list("No job was submitted yet"), className="scroll-list"),
        class_name="live-queues",
    )


def _workers() -> Component:
    return panel(
        "Workers",
        "What each has in hand",
        Widget("workers", _list("No worker has connected yet"), className="scroll-list"),
        class_name="live-workers",
    )


def _log() -> Component:
    choices = [html.Option(label, value=value) for value, label in _EVENT_KINDS]
    return Widget(
        "event_log",
        panel(
            "Events",
            "Newest first, since Connect",
            html.Div(
                _list("Events appear here once the page is live"),
                className="scroll-list",
                role="group",
                tabIndex=0,
                **_label("Events"),
            ),
            tools=html.Select(
                choices, className="select select-small", **part("kinds"), **_label("Which events")
            ),
        ),
        className="live-log",
    )


def _list(empty: str) -> list[Component]:
    return [
        html.Ul(className="rows", **part("rows")),
        html.P(empty, className="list-empty", **part("empty")),
    ]


def _label(text: str) -> dict[str, Any]:
    return {"aria-label": text}


def _label_by(list_name: str) -> dict[str, Any]:
    return {"aria-labelledby": f"tab-{list_name}", "data-list": list_name}


def _attributes(*, list: str, selected: bool) -> dict[str, Any]:
    return {"data-list": list, "aria-selected": "true" if selected else "false"}


def _window(seconds: int) -> dict[str, Any]:
    return {"data-window": seconds}
