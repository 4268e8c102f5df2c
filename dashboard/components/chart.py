"""A live graph: panel, legend in its head, Plotly in its body.

assets/js/65_live_chart.js draws it from the store, once a second; the legend's figures are those of
the latest time, or of the time under the pointer, which all charts of the page share.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.panel import panel
from dashboard.components.widget import Widget, part

CONFIG: Final[dict[str, Any]] = {
    "displayModeBar": False,
    "doubleClick": False,  # the page resets the zoom of all its charts together
    "showTips": False,
    "responsive": True,
}
EMPTY_FIGURE: Final[dict[str, Any]] = {
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
    },
}


class Trace(msgspec.Struct, frozen=True):
    """One line: a column of assets/js/60_buckets.js and the token of its colour."""

    column: str
    label: str
    colour: str
    fill: bool = False


class Split(msgspec.Struct, frozen=True):
    """What the chart shows a line each of, when the person splits it by job type or worker.

    `figure` is one of assets/js/61_split.js; the others are the panel's muted line meanwhile.
    """

    figure: str
    job_type: str
    worker: str


def live_chart(
    id: str,
    title: str,
    subtitle: str,
    traces: tuple[Trace, ...],
    split: Split,
    *,
    axis: str,
) -> Component:
    """Build a chart.

    Args: axis: how values read: "rate" (per second), "span" (ms, logarithmic) or "share" (0 to 1).
    """
    legends = [
        html.Ul([_legend_item(trace) for trace in traces], className="legend", **part("legend")),
        html.Ul(className="legend legend-split", hidden=True, **part("legend-split")),
    ]
    return Widget(
        "live_chart",
        panel(
            title,
            html.Span(subtitle, **part("subtitle")),
            html.Div(_body(id), className="chart-body"),
            tools=legends,
        ),
        className="chart",
        options={
            "graph": id,
            "axis": axis,
            "traces": msgspec.to_builtins(traces),
            "split": msgspec.to_builtins(split),
        },
    )


def _body(id: str) -> list[Component]:
    graph = dcc.Graph(
        id=id,
        figure=EMPTY_FIGURE,
        config=CONFIG,  # type: ignore[arg-type]
        className="chart-graph",
        responsive=True,
    )
    cursor = html.Div(
        html.Span(className="chart-cursor-time"),
        className="chart-cursor",
        hidden=True,
        **part("cursor"),
    )
    return [
        html.Div([graph, cursor], className="chart-plot"),
        html.P("No figures yet", className="chart-empty", **part("empty")),
    ]


def _legend_item(trace: Trace) -> Component:
    return html.Li(
        [
            html.Span(className="legend-line", style={"background": f"var(--{trace.colour})"}),
            html.Span(trace.label),
            html.Span("–", className="legend-value", **part(f"value-{trace.column}")),
        ]
    )
