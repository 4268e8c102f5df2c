"""Analytics: is the promise kept, where does time go, what fails, how busy is the fleet.

The server builds the page once a view from the query of its URL, so that a link shows a colleague the
same figures. Ranges are links; a range brushed over a chart is one too (assets/js/80_figure.js).
"""

from __future__ import annotations

import time
from typing import Final

import dash_bootstrap_components as dbc
from dash import Dash, html
from dash.development.base_component import Component

from dashboard.analytics.backlog import register_backlog
from dashboard.analytics.exports import jobs_href, metrics_href
from dashboard.analytics.panels import panels
from dashboard.analytics.promise_form import register_promise_form
from dashboard.analytics.report import read_beginning, read_report
from dashboard.analytics.timespan import (
    DEFAULT_PRESET,
    PRESETS,
    Timespan,
    names_range,
    read_timespan,
    shortest_preset,
)
from dashboard.components.segments import segment_link, segments
from dashboard.components.states import error_banner
from dashboard.hub_client import HubApi, HubRefused, HubUnreachable
from dashboard.viewer import viewers_zone

PATH: Final = "/analytics"
NAME: Final = "Analytics"
IN_NAVIGATION: Final = True


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page for the range of the query."""
    now_ms = time.time_ns() // 1_000_000
    span = read_timespan(variables, now_ms, viewers_zone())
    try:
        if not names_range(variables):
            span = read_timespan(variables, now_ms, viewers_zone(), _all_of_it(hub, now_ms))
        content = panels(read_report(hub, span))
    except HubUnreachable as error:
        content = [error_banner(error.message)]
    except HubRefused as error:
        content = [error_banner(error.message, title="The hub refused.")]
    return html.Div([_head(span), *content], className="page analytics")


def _all_of_it(hub: HubApi, now_ms: int) -> str:
    """The range to begin with: a day, or all of it where the hub is younger."""
    beginning = read_beginning(hub, now_ms)
    return DEFAULT_PRESET if beginning is None else shortest_preset(now_ms - beginning)


def register(app: Dash, hub: HubApi) -> None:
    """Answer the what-if of the backlog, and set promises."""
    register_backlog(app, hub)
    register_promise_form(app, hub)


def _head(span: Timespan) -> Component:
    presets = [
        segment_link(label, PATH + span.search(range=name), span.preset == name)
        for name, (label, _) in PRESETS.items()
    ]
    groups = [
        segment_link(label, PATH + span.search(by=name), span.group_by == name)
        for name, label in (("all", "Whole hub"), ("job_type", "By type"), ("worker", "By worker"))
    ]
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Analytics", className="page-title"),
                    html.P(
                        [
                            f"{_period(span)}. ",
                            html.Span("Drag over a chart to look closer.", className="no-print"),
                        ],
                        className="muted",
                    ),
                ]
            ),
            html.Div(
                [
                    segments(presets, "Range"),
                    segments(groups, "Groups"),
                    _exports(span),
                ],
                className="analytics-tools",
            ),
            _custom_range(span),
        ],
        className="analytics-head",
    )


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
    return html.Div(
        [
            html.A(
                "Figures CSV",
                href=metrics_href(span, group_by=span.group_by),
                className="button",
            ),
            html.A("Jobs CSV", href=jobs_href(span), className="button"),
        ],
        className="exports no-print",
    )
