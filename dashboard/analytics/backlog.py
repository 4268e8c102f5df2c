"""The backlog: how many jobs waited, when they will be gone, and what more workers would change."""

from __future__ import annotations

import time
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from dashboard.analytics import charts
from dashboard.analytics.drain import drain_time
from dashboard.analytics.exports import csv_link, metrics_href
from dashboard.analytics.figure import bare_figure
from dashboard.analytics.report import Report, read_traffic
from dashboard.analytics.tables import drain_sentence
from dashboard.components.panel import panel
from dashboard.hub_client import HubApi
from hub.errors import JobhubError

_MORE: Final = "analytics-more-workers"
_DRAIN: Final = "analytics-drain"
_WORKERS_MAX: Final = 1_000


def backlog_panel(report: Report) -> Component:
    """Build the panel."""
    traffic = report.traffic
    ask = html.Label(
        [
            html.Span("What if there were more workers? +"),
            dbc.Input(id=_MORE, type="number", min=0, max=_WORKERS_MAX, step=1, value=0),
        ],
        className="what-if no-print",
    )
    drain = html.Div(
        drain_sentence(traffic.pending, drain_time(traffic), 0), id=_DRAIN, role="status"
    )
    chart = charts.with_marks(charts.backlog(report.series), report.marks, report.span.local)
    return panel(
        "Backlog",
        "Highest number of waiting jobs, and when they will be gone",
        html.Div(
            [
                bare_figure("backlog", chart),
                html.Div([drain, ask], className="drain"),
            ]
        ),
        tools=csv_link(metrics_href(report.span), "Backlog"),
    )


def register_backlog(app: Dash, hub: HubApi) -> None:
    """Answer the what-if from the traffic of the last quarter of an hour."""

    @app.callback(Output(_DRAIN, "children"), Input(_MORE, "value"), prevent_initial_call=True)
    def what_if(value: Any) -> Any:
        more = min(_WORKERS_MAX, max(0, int(value or 0)))
        try:
            traffic = read_traffic(hub, time.time_ns() // 1_000_000)
        except JobhubError as error:
            return html.P(error.message, className="drain-sentence")
        return drain_sentence(traffic.pending, drain_time(traffic, more), more)
