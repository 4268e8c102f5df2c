"""A chart that the server made, in its panel; assets/js/80_figure.js draws it in the theme's colours."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.analytics.drawing import Figure, colour_of, is_dotted, name_of
from dashboard.analytics.exports import csv_link
from dashboard.components.panel import panel
from dashboard.components.still import still
from dashboard.components.widget import Widget


def figure_panel(
    name: str,
    title: str,
    subtitle: str,
    figure: Figure,
    *,
    csv: str,
    brush: bool = True,
    legend: Component | None = None,
) -> Component:
    """Build the panel of a figure.

    Args: name: of its graph, `analytics-NAME` in the page. csv: where its figures are saved from.
          brush: a range dragged over it becomes the page's. legend: instead of the names of its lines.
    """
    tools = [legend or _legend(figure), csv_link(csv, title)]
    shown = panel(title, subtitle, bare_figure(name, figure, brush=brush), tools=tools)
    return still(html.Div(shown, className="figure"))


def heat_scale() -> Component:
    """The legend of a heat map of shares."""
    return html.Div(
        [html.Span("idle"), html.Span(className="heat-scale"), html.Span("100 % busy")],
        className="legend heat-legend",
    )


def _legend(figure: Figure) -> Component | None:
    """Name the lines of a chart that has several."""
    named = [trace for trace in figure["data"] if "name" in trace]
    if len(named) < 2:
        return None
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        className="legend-line legend-dots" if is_dotted(trace) else "legend-line",
                        style={"color": f"var(--{colour_of(trace)})"},
                    ),
                    html.Span(name_of(trace)),
                ]
            )
            for trace in named
        ],
        className="legend",
    )


def bare_figure(name: str, figure: Figure, *, brush: bool = True) -> Component:
    """Build the figure alone, for a panel that holds more."""
    graph = html.Div(className="figure-graph")
    nothing = html.P("No figures in this range", className="chart-empty")
    return Widget(
        "figure",
        [graph, nothing] if figure.get("empty") else graph,
        id=f"analytics-{name}",
        className="figure-body",
        options={"figure": figure, "brush": brush},
    )
