"""Analytics: is the promise kept, where does time go, what fails, how busy is the fleet.

The server builds the page once a view from the query of its URL, so that a link shows a colleague the
same figures. Ranges are links; a range brushed over a chart is one too (assets/js/80_figure.js).
"""

from __future__ import annotations

import time
from typing import Any, Final
from urllib.parse import urlencode

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from flask import has_request_context, request

from dashboard.analytics import charts
from dashboard.analytics.drain import Traffic, drain_time
from dashboard.analytics.report import Report, read_report, read_traffic
from dashboard.analytics.tables import drain_sentence, errors_table, types_table
from dashboard.analytics.tiles import promise_list, tiles
from dashboard.analytics.timespan import PRESETS, Timespan, read_timespan
from dashboard.components.chart import CONFIG, EMPTY_FIGURE
from dashboard.components.panel import panel
from dashboard.components.states import error_banner
from dashboard.components.widget import Widget
from dashboard.hub_client import HubApi
from hub.errors import JobhubError

PATH: Final = "/analytics"
NAME: Final = "Analytics"
IN_NAVIGATION: Final = True

ZONE_COOKIE: Final = "jobhub_zone"  # assets/js/81_zone.js
MORE_WORKERS: Final = "analytics-more-workers"
DRAIN: Final = "analytics-drain"
PROMISE_FORM: Final = "analytics-promise"
_WORKERS_MAX: Final = 1_000


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page for the range of the query."""
    now_ms = time.time_ns() // 1_000_000
    zone = request.cookies.get(ZONE_COOKIE, "UTC") if has_request_context() else "UTC"
    span = read_timespan(variables, now_ms, zone)
    try:
        content = _content(read_report(hub, span))
    except JobhubError as error:
        content = [error_banner(error.message)]
    return html.Div([_head(span), *content], className="page analytics")


def register(app: Dash, hub: HubApi) -> None:
    """Answer the what-if of the backlog, and set promises."""

    @app.callback(
        Output(DRAIN, "children"), Input(MORE_WORKERS, "value"), prevent_initial_call=True
    )
    def what_if(value: Any) -> Any:
        traffic = read_traffic(hub, time.time_ns() // 1_000_000)
        more = min(_WORKERS_MAX, max(0, int(value or 0)))
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
                dcc.Input(
                    type="text",
                    name=name,
                    value=f"{span.local(at):%Y-%m-%dT%H:%M}",
                    pattern=r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*",
                    id=f"analytics-{name}",
                ),
            ]
        )

    by = (
        [dcc.Input(type="hidden", name="by", value=span.group_by, id="analytics-by")]
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


def _content(report: Report) -> list[Component]:
    span, step_s = report.span, report.span.step_s
    return [
        panel(
            "Promises to customers",
            "Share of jobs that started in time; jobs that still wait count as soon as they are late",
            html.Div([promise_list(report), _promise_form(report)]),
            class_name="promises-panel",
        ),
        tiles(report),
        html.Div(
            [
                _chart(
                    "throughput",
                    "Throughput",
                    f"Finished {charts.bucket_unit(step_s)}; dotted: the period before",
                    charts.with_marks(
                        charts.throughput(report.series, report.series_before),
                        report.marks,
                        span.local,
                    ),
                ),
                _chart(
                    "wait",
                    "Wait",
                    f"From pending to started, n = {int(report.series['wait_n'].sum()):,}",
                    charts.latency(report.series, "wait", "Wait"),
                ),
                _chart(
                    "run",
                    "Run time",
                    f"Of finished attempts, n = {int(report.series['run_n'].sum()):,}",
                    charts.latency(report.series, "run", "Run"),
                ),
                _chart(
                    "wait-run",
                    "Wait against run",
                    "p95 by job type",
                    charts.wait_against_run(report.by_type),
                    brush=False,
                ),
                _chart(
                    "utilisation",
                    "Utilisation",
                    "Busy of offered slot time",
                    charts.utilisation(report.series),
                ),
                _chart(
                    "heat",
                    "Busy hours",
                    "Utilisation by hour and weekday, a week at least",
                    charts.heat_map(report.hours),
                    brush=False,
                ),
                *_split(report),
            ],
            className="chart-grid",
        ),
        html.Div(
            [
                panel(
                    "Top job types",
                    "By the time that they kept workers busy",
                    types_table(report.by_type),
                ),
                panel(
                    "Top errors",
                    "Failed attempts whose messages differ only in numbers, ids and quoted text",
                    errors_table(report.errors, span.local),
                ),
                _backlog(report),
            ],
            className="table-grid",
        ),
    ]


def _split(report: Report) -> list[Component]:
    if not report.groups:
        return []
    kind = "type" if report.span.group_by == "job_type" else "worker"
    unit = charts.bucket_unit(report.span.step_s)
    return [
        _chart(
            "groups",
            f"Throughput by {kind}",
            f"Completed {unit}, the {len(report.groups)} busiest",
            charts.by_group(report.groups),
            wide=True,
        )
    ]


def _chart(
    name: str,
    title: str,
    subtitle: str,
    figure: charts.Figure,
    *,
    brush: bool = True,
    wide: bool = False,
) -> Component:
    shown = panel(title, subtitle, _bare_chart(name, figure, brush=brush), tools=_legend(figure))
    return html.Div(shown, className="figure figure-wide" if wide else "figure")


def _legend(figure: charts.Figure) -> Component | None:
    """Name the lines of a chart that has several."""
    named = [trace for trace in figure["data"] if "name" in trace]
    if len(named) < 2:
        return None
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        className="legend-line",
                        style={"background": f"var(--{charts.colour_of(trace)})"},
                    ),
                    html.Span(charts.name_of(trace)),
                ]
            )
            for trace in named
        ],
        className="legend",
    )


def _bare_chart(name: str, figure: charts.Figure, *, brush: bool = True) -> Component:
    graph_id = f"analytics-{name}"
    graph = dcc.Graph(
        id=graph_id,
        figure=EMPTY_FIGURE,
        config=CONFIG,  # type: ignore[arg-type]
        className="figure-graph",
        responsive=True,
    )
    return Widget(
        "figure",
        graph,
        className="figure-body",
        options={"graph": graph_id, "figure": figure, "brush": brush},
    )


def _backlog(report: Report) -> Component:
    traffic: Traffic = report.traffic
    ask = html.Label(
        [
            html.Span("What if there were more workers? +"),
            dcc.Input(
                id=MORE_WORKERS, type="number", min=0, max=_WORKERS_MAX, step=1, value=0, size="4"
            ),
        ],
        className="what-if no-print",
    )
    drain = html.Div(
        drain_sentence(traffic.pending, drain_time(traffic), 0), id=DRAIN, role="status"
    )
    return panel(
        "Backlog",
        "Highest number of waiting jobs, and when they will be gone",
        html.Div(
            [
                _bare_chart("backlog", charts.backlog(report.series)),
                html.Div([drain, ask], className="drain"),
            ]
        ),
    )


def _promise_form(report: Report) -> Component:
    types = [row["job_type"] for row in report.by_type]
    return html.Details(
        [
            html.Summary("Set a promise"),
            html.Div(
                [
                    html.Label(
                        [
                            "Job type",
                            dcc.Input(
                                id=f"{PROMISE_FORM}-type",
                                type="text",
                                value=types[0] if types else "",
                                maxLength=200,
                            ),
                        ]
                    ),
                    html.Label(
                        [
                            "Starts within, s (empty: no promise)",
                            dcc.Input(
                                id=f"{PROMISE_FORM}-target", type="number", min=0.001, max=604_800
                            ),
                        ]
                    ),
                    html.Label(
                        [
                            "Objective, %",
                            dcc.Input(
                                id=f"{PROMISE_FORM}-objective",
                                type="number",
                                min=1,
                                max=99.99,
                                value=95,
                            ),
                        ]
                    ),
                    html.Button(
                        "Save",
                        id=f"{PROMISE_FORM}-set",
                        className="button button-small",
                        n_clicks=0,
                    ),
                    html.Span(id=f"{PROMISE_FORM}-answer", role="status", className="muted"),
                ],
                className="promise-form",
            ),
        ],
        className="no-print",
    )
