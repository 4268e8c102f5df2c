"""The panels of the analytics page, top to bottom as a manager reads."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.analytics import charts
from dashboard.analytics.backlog import backlog_panel
from dashboard.analytics.drawing import Figure
from dashboard.analytics.exports import csv_link, metrics_href, range_href, summary_href
from dashboard.analytics.figure import figure_panel, heat_scale
from dashboard.analytics.promise_form import promise_form
from dashboard.analytics.report import Report
from dashboard.analytics.tables import errors_table, types_table
from dashboard.analytics.tiles import promise_list, tiles
from dashboard.components.panel import panel
from dashboard.components.still import still


def panels(report: Report) -> list[Component]:
    """Build every panel of a report."""
    return [
        _promises(report),
        still(tiles(report)),
        html.Div([*_charts(report), *_split(report)], className="chart-grid"),
        html.Div([*_tables(report), backlog_panel(report)], className="table-grid"),
    ]


def _promises(report: Report) -> Component:
    proposed = report.by_type[0]["job_type"] if report.by_type else ""
    return panel(
        "Promises to customers",
        "Share of jobs that started in time; jobs that still wait count as soon as they are late",
        html.Div([still(promise_list(report)), promise_form(proposed)]),
        tools=csv_link(range_href("promises", report.span), "Promises"),
        class_name="promises-panel",
    )


def _charts(report: Report) -> list[Component]:
    return [
        *_jobs_over_time(report),
        _wait_against_run(report),
        _utilisation(report),
        _busy_hours(report),
    ]


def _jobs_over_time(report: Report) -> list[Component]:
    span, series, csv = report.span, report.series, metrics_href(report.span)
    return [
        figure_panel(
            "throughput",
            "Throughput",
            f"Finished {charts.bucket_unit(span.step_s)}; dotted: the period before",
            _marked(report, charts.throughput(series, report.series_before)),
            csv=csv,
        ),
        figure_panel(
            "wait",
            "Wait",
            f"From pending to started, n = {report.total['wait_n']:,}",
            _marked(report, charts.latency(series, "wait", "Wait")),
            csv=csv,
        ),
        figure_panel(
            "run",
            "Run time",
            f"Of finished attempts, n = {report.total['run_n']:,}",
            _marked(report, charts.latency(series, "run", "Run")),
            csv=csv,
        ),
    ]


def _wait_against_run(report: Report) -> Component:
    return figure_panel(
        "wait-run",
        "Wait against run",
        "p95 by job type",
        charts.wait_against_run(report.by_type),
        csv=summary_href(report.span, "job_type"),
        brush=False,
    )


def _utilisation(report: Report) -> Component:
    return figure_panel(
        "utilisation",
        "Utilisation",
        "Busy of offered slot time",
        _marked(report, charts.utilisation(report.series)),
        csv=metrics_href(report.span),
    )


def _busy_hours(report: Report) -> Component:
    return figure_panel(
        "heat",
        "Busy hours",
        "Utilisation by hour and weekday, a week at least",
        charts.heat_map(report.hours),
        csv=metrics_href(report.span.with_week, step=3_600),
        brush=False,
        legend=heat_scale(),
    )


def _marked(report: Report, chart: Figure) -> Figure:
    return charts.with_marks(chart, report.marks, report.span.local)


def _split(report: Report) -> list[Component]:
    if not report.groups:
        return []
    span, count = report.span, len(report.groups)
    kind = "type" if span.group_by == "job_type" else "worker"
    unit = charts.bucket_unit(span.step_s)
    return [
        figure_panel(
            f"groups-{name}",
            f"{title} by {kind}",
            f"{text}, the {count} busiest" if count > 1 else text,
            charts.by_group(report.groups, column),
            csv=metrics_href(span, group_by=span.group_by),
        )
        for name, title, text, column in (
            ("throughput", "Throughput", f"Completed {unit}", "completed"),
            ("wait", "Wait", "p95 of attempts started", "wait_p95_ms"),
            ("run", "Run time", "p95 of attempts finished", "run_p95_ms"),
        )
    ]


def _tables(report: Report) -> list[Component]:
    span = report.span
    return [
        panel(
            "Top job types",
            "By the time that they kept workers busy",
            still(types_table(report.by_type)),
            tools=csv_link(summary_href(span, "job_type"), "Job types"),
        ),
        panel(
            "Top errors",
            "Failed attempts whose messages differ only in numbers, ids and quoted text",
            still(errors_table(report.errors, span.local)),
            tools=csv_link(range_href("errors", span), "Errors"),
        ),
    ]
