"""A figure with its unit, one muted note and a sparkline; JavaScript fills it (assets/js/63_tiles.js)."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.widget import part


def tile(name: str, label: str, explanation: str, *, sparkline: bool = True) -> Component:
    """Build a tile; `name` is the figure of assets/js/61_figures.js.

    Args: explanation: how the figure is defined, shown on hover and to screen readers.
    """
    parts: list[Any] = [
        html.Div(
            [html.Span(label), html.Span(f": {explanation}", className="visually-hidden")],
            className="tile-label",
            title=explanation,
        ),
        html.Div(
            [_filled("value", "–", "tile-value"), _filled("unit", "", "tile-unit")],
            className="tile-figure",
        ),
        _filled("note", "\u00a0", "tile-note"),
    ]
    if sparkline:
        parts.append(html.Div(className="tile-sparkline", **part("sparkline")))
    return html.Div(parts, className="tile", **_named(name))


def _filled(name: str, text: str, class_name: str) -> Component:
    return html.Span(text, className=class_name, **part(name))


def _named(name: str) -> dict[str, Any]:
    return {"data-tile": name}
