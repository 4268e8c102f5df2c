"""Live: the screen that an operator keeps open.

Python builds the frame once a page view; everything that moves is drawn in the browser, from the
store that the shell's EventStream feeds.
"""

from __future__ import annotations

from typing import Any, Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.chart import Split, Trace, live_chart
from dashboard.components.job_tables import job_tables
from dashboard.components.panel import panel
from dashboard.components.tile import tile
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi

PATH: Final = "/"
NAME: Final = "Live"
IN_NAVIGATION: Final = True

WINDOWS: Final = ((60, "1 min"), (300, "5 min"), (900, "15 min"), (3600, "60 min"))
SPLITS: Final = (("all", "All"), ("job_type", "By type"), ("worker", "By worker"))

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
    ("workers", "Workers", "Connected workers; the line: the slots that they offer"),
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
                    job_tables(),
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
                title="The figures of the charts as they stand, as CSV",
                **part("export"),
            ),
            _segments("Split the charts", "data-split", SPLITS),
            _segments("Time window", "data-window", WINDOWS),
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
            Split("finished", "Finished per second, by job type", "Finished per second, by worker"),
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
            Split("run_p95", "Run time p95, by job type", "Run time p95, by worker"),
            axis="span",
        ),
        live_chart(
            "chart-utilisation",
            "Worker utilisation",
            "Busy share of offered slots",
            (Trace("utilisation", "Busy", "series-teal", fill=True),),
            Split(
                "share",
                "Share of all slots each second, by job type",
                "Busy share each second, by worker",
            ),
            axis="share",
        ),
    ]


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


def _segments(label: str, attribute: str, choices: tuple[tuple[int | str, str], ...]) -> Component:
    """One of several, pressed; assets/js/71_view_controls.js knows which."""
    buttons = []
    for value, text in choices:
        chosen: dict[str, Any] = {attribute: value}
        buttons.append(html.Button(text, className="segment", type="button", **chosen))
    return html.Div(buttons, className="segments", role="group", **_label(label))
