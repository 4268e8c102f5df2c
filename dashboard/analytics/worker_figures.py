"""The figures of one worker: throughput, run time and utilisation over a range of its own."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from dashboard.analytics import charts
from dashboard.analytics.exports import metrics_href
from dashboard.analytics.figure import figure_panel
from dashboard.analytics.report import read_group
from dashboard.analytics.timespan import PRESETS, Timespan, read_timespan
from dashboard.components.segments import segment_link, segments
from dashboard.hub_client import HubApi

_RANGES: Final = ("1h", "6h", "24h", "7d")
_DEFAULT_RANGE: Final = "6h"


def worker_figures(
    hub: HubApi, worker_id: str, variables: dict[str, Any], now_ms: int, zone: str
) -> Component:
    """Build the section. Args: variables: the page's query; `range` is one of four.

    Raises: HubUnreachable, HubRefused.
    """
    span = _span(variables, now_ms, zone)
    return html.Div(
        [
            html.Div(
                [html.H2("Figures", className="section-title"), _ranges(worker_id, span)],
                className="section-head",
            ),
            html.Div(_charts(hub, f"worker:{worker_id}", span), className="chart-grid"),
        ],
        className="worker-figures",
    )


def _span(variables: dict[str, Any], now_ms: int, zone: str) -> Timespan:
    chosen = variables.get("range", _DEFAULT_RANGE)
    words = {"range": chosen if chosen in _RANGES else _DEFAULT_RANGE}
    return read_timespan(words, now_ms, zone)


def _ranges(worker_id: str, span: Timespan) -> Component:
    path = f"/workers/{quote(worker_id, safe='')}"
    links = [
        segment_link(PRESETS[name][0], path + span.search(range=name), span.preset == name)
        for name in _RANGES
    ]
    return segments(links, "Range")


def _charts(hub: HubApi, group: str, span: Timespan) -> list[Component]:
    now, before = read_group(hub, span, group)
    csv = metrics_href(span, group=group)
    return [
        figure_panel(
            "worker-throughput",
            "Throughput",
            f"Finished {charts.bucket_unit(span.step_s)}; dotted: the period before",
            charts.throughput(now, before),
            csv=csv,
            brush=False,
        ),
        figure_panel(
            "worker-run",
            "Run time",
            f"Of finished attempts, n = {int(now['run_n'].sum()):,}",
            charts.latency(now, "run", "Run"),
            csv=csv,
            brush=False,
        ),
        figure_panel(
            "worker-utilisation",
            "Utilisation",
            "Busy of offered slot time",
            charts.utilisation(now),
            csv=csv,
            brush=False,
        ),
    ]
