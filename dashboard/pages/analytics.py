"""Analytics: is the promise kept, where does time go, what fails, how busy is the fleet.

The server builds the page once a view from the query of its URL, so that a link shows a colleague the
same figures. Ranges are links; a range brushed over a chart is one too (assets/js/80_figure.js).
"""

from __future__ import annotations

import time
from typing import Any, Final
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from flask import has_request_context, request

from dashboard.analytics.drain import drain_time
from dashboard.analytics.panels import DRAIN, MORE_WORKERS, PROMISE_FORM, WORKERS_MAX, panels
from dashboard.analytics.report import read_report, read_traffic
from dashboard.analytics.tables import drain_sentence
from dashboard.analytics.timespan import PRESETS, Timespan, read_timespan
from dashboard.components.states import error_banner
from dashboard.hub_client import HubApi, HubRefused, HubUnreachable
from hub.errors import JobhubError

PATH: Final = "/analytics"
NAME: Final = "Analytics"
IN_NAVIGATION: Final = True

ZONE_COOKIE: Final = "jobhub_zone"  # assets/js/81_zone.js


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page for the range of the query."""
    now_ms = time.time_ns() // 1_000_000
    zone = request.cookies.get(ZONE_COOKIE, "UTC") if has_request_context() else "UTC"
    span = read_timespan(variables, now_ms, zone)
    try:
        content = panels(read_report(hub, span))
    except HubUnreachable as error:
        content = [error_banner(error.message)]
    except HubRefused as error:
        content = [error_banner(error.message, title="The hub refused.")]
    return html.Div([_head(span), *content], className="page analytics")


def register(app: Dash, hub: HubApi) -> None:
    """Answer the what-if of the backlog, and set promises."""

    @app.callback(
        Output(DRAIN, "children"), Input(MORE_WORKERS, "value"), prevent_initial_call=True
    )
    def what_if(value: Any) -> Any:
        traffic = read_traffic(hub, time.time_ns() // 1_000_000)
        more = min(WORKERS_MAX, max(0, int(value or 0)))
        return drain_sentence(traffic.pending, drain_time(traffic, more), more)

    @app.callback(
        Output(f"{PROMISE_FORM}-answer", "children"),
        Input(f"{PROMISE_FORM}-set", "n_clicks"),
        State(f"{PROMISE_FORM}-type", "value"),
        State(f"{PROMISE_FORM}-target", "value"),
        State(f"{PROMISE_FORM}-objective", "value"),
        prevent_initial_call=True,
    )
    def set_promise(clicks: Any, job_type: Any, target_s: Any, objective: Any) -> Any:
        if not clicks:
            return no_update
        wanted = {"job_type": job_type or "", "target_s": target_s}
        if objective is not None:
            wanted["objective"] = objective / 100
        try:
            hub.put("/api/slo", wanted)
        except JobhubError as error:
            return f"{error.field}: {error.message}" if error.field else error.message
        return "Saved. It holds for jobs that become pending from now on."


def _head(span: Timespan) -> Component:
    presets = [
        _choice(label, span.search(range=name), span.preset == name)
        for name, (label, _) in PRESETS.items()
    ]
    groups = [
        _choice(label, span.search(by=name), span.group_by == name)
        for name, label in (("all", "Whole hub"), ("job_type", "By type"), ("worker", "By worker"))
    ]
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Analytics", className="page-title"),
                    html.P(
                        f"{_period(span)}. Drag over a chart to look closer.", className="muted"
                    ),
                ]
            ),
            html.Div(
                [
                    html.Div(presets, className="segments", role="group"),
                    html.Div(groups, className="segments", role="group"),
                    _exports(span),
                ],
                className="analytics-tools",
            ),
            _custom_range(span),
        ],
        className="analytics-head",
    )


def _choice(label: str, search: str, chosen: bool) -> Component:
    text: Any = [label, html.Span(", shown", className="visually-hidden")] if chosen else label
    class_name = "segment segment-on" if chosen else "segment"
    return dcc.Link(text, href=PATH + search, className=class_name)


def _period(span: Timespan) -> str:
    start, end = span.local(span.from_ms), span.local(span.to_ms)
    return f"{start:%d %b %Y %H:%M} to {end:%d %b %Y %H:%M}, {span.zone}"


def _custom_range(span: Timespan) -> Component:
    def field(name: str, at: int) -> Component:
        return html.Label(
            [
                html.Span(name.capitalize(), className="muted"),
                dbc.Input(
                    type="text",
                    name=name,
                    value=f"{span.local(at):%Y-%m-%dT%H:%M}",
                    pattern=r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*",
                    id=f"analytics-{name}",
                ),
            ]
        )

    by = (
        [dbc.Input(type="hidden", name="by", value=span.group_by, id="analytics-by")]
        if span.group_by != "all"
        else []
    )
    return html.Form(
        [
            field("from", span.from_ms),
            field("to", span.to_ms),
            *by,
            html.Button("Show", type="submit", className="button button-small"),
        ],
        action=PATH,
        method="get",
        className="range-form no-print",
    )


def _exports(span: Timespan) -> Component:
    metrics = urlencode({**span.query, "step": span.step_s, "group_by": span.group_by})
    jobs = urlencode({"finished_from": span.from_ms, "finished_to": span.to_ms})
    return html.Div(
        [
            html.A("Figures CSV", href=f"/export/metrics.csv?{metrics}", className="button"),
            html.A("Jobs CSV", href=f"/export/jobs.csv?{jobs}", className="button"),
        ],
        className="exports no-print",
    )
