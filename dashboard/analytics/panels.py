"""The panels of the analytics page, top to bottom as a manager reads."""

from __future__ import annotations

from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard.analytics import charts
from dashboard.analytics.drain import drain_time
from dashboard.analytics.figure import bare_figure, figure_panel
from dashboard.analytics.report import Report
from dashboard.analytics.tables import drain_sentence, errors_table, types_table
from dashboard.analytics.tiles import promise_list, tiles
from dashboard.components.panel import panel

MORE_WORKERS: Final = "analytics-more-workers"
DRAIN: Final = "analytics-drain"
PROMISE_FORM: Final = "analytics-promise"
WORKERS_MAX: Final = 1_000


def panels(report: Report) -> list[Component]:
    """Build every panel of a report."""
    span = report.span
    return [
        panel(
            "Promises to customers",
            "Share of jobs that started in time; jobs that still wait count as soon as they are late",
            html.Div([promise_list(report), _promise_form(report)]),
            class_name="promises-panel",
        ),
        tiles(report),
        html.Div([*_charts(report), *_split(report)], className="chart-grid"),
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


def _charts(report: Report) -> list[Component]:
    span, series = report.span, report.series
    throughput = charts.throughput(series, report.series_before)
    unit = charts.bucket_unit(span.step_s)
    return [
        figure_panel(
            "throughput",
            "Throughput",
            f"Finished {unit}; dotted: the period before",
            charts.with_marks(throughput, report.marks, span.local),
        ),
        figure_panel(
            "wait",
            "Wait",
            f"From pending to started, n = {int(series['wait_n'].sum()):,}",
            charts.latency(series, "wait", "Wait"),
        ),
        figure_panel(
            "run",
            "Run time",
            f"Of finished attempts, n = {int(series['run_n'].sum()):,}",
            charts.latency(series, "run", "Run"),
        ),
        figure_panel(
            "wait-run",
            "Wait against run",
            "p95 by job type",
            charts.wait_against_run(report.by_type),
            brush=False,
        ),
        figure_panel(
            "utilisation", "Utilisation", "Busy of offered slot time", charts.utilisation(series)
        ),
        figure_panel(
            "heat",
            "Busy hours",
            "Utilisation by hour and weekday, a week at least",
            charts.heat_map(report.hours),
            brush=False,
        ),
    ]


def _split(report: Report) -> list[Component]:
    if not report.groups:
        return []
    kind = "type" if report.span.group_by == "job_type" else "worker"
    unit = charts.bucket_unit(report.span.step_s)
    return [
        figure_panel(
            "groups",
            f"Throughput by {kind}",
            f"Completed {unit}, the {len(report.groups)} busiest",
            charts.by_group(report.groups),
            wide=True,
        )
    ]


def _backlog(report: Report) -> Component:
    traffic = report.traffic
    ask = html.Label(
        [
            html.Span("What if there were more workers? +"),
            dbc.Input(id=MORE_WORKERS, type="number", min=0, max=WORKERS_MAX, step=1, value=0),
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
                bare_figure("backlog", charts.backlog(report.series)),
                html.Div([drain, ask], className="drain"),
            ]
        ),
    )


def _promise_form(report: Report) -> Component:
    types = [row["job_type"] for row in report.by_type]
    first = types[0] if types else ""
    fields = [
        _promise_field("Job type", "type", type="text", value=first, maxlength=200),
        _promise_field(
            "Starts within, s (empty: no promise)", "target", type="number", min=0.001, max=604_800
        ),
        _promise_field("Objective, %", "objective", type="number", min=1, max=99.99, value=95),
    ]
    save = html.Button(
        "Save", id=f"{PROMISE_FORM}-set", className="button button-small", n_clicks=0
    )
    said = html.Span(id=f"{PROMISE_FORM}-answer", role="status", className="muted")
    form = html.Div([*fields, save, said], className="promise-form operates")
    return html.Details([html.Summary("Set a promise"), form], className="no-print")


def _promise_field(label: str, name: str, **given: Any) -> Component:
    return html.Label([label, dbc.Input(id=f"{PROMISE_FORM}-{name}", **given)])
