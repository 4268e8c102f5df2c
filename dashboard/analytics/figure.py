"""A chart that the server made, in its panel; assets/js/80_figure.js draws it in the theme's colours."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.analytics import charts
from dashboard.components.chart import CONFIG, EMPTY_FIGURE
from dashboard.components.panel import panel
from dashboard.components.widget import Widget


def figure_panel(
    name: str,
    title: str,
    subtitle: str,
    figure: charts.Figure,
    *,
    brush: bool = True,
    wide: bool = False,
) -> Component:
    """Build the panel of a figure.

    Args: name: of its graph, `analytics-NAME` in the page. brush: a range dragged over it becomes the
          page's. wide: takes the whole row.
    """
    shown = panel(title, subtitle, bare_figure(name, figure, brush=brush), tools=_legend(figure))
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


def bare_figure(name: str, figure: charts.Figure, *, brush: bool = True) -> Component:
    """Build the figure alone, for a panel that holds more."""
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
