"""The frame of everything on a page: a heading with one muted line, tools at its right, a body."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

Children = Any  # what Dash takes as children: a component, text, or a list of both


def panel(
    title: str,
    subtitle: Children,
    body: Children,
    *,
    tools: Children = None,
    id: str | None = None,
    class_name: str = "",
) -> Component:
    """Build a panel.

    Args: subtitle: one muted line. tools: buttons and filters of the head. body: reserves its own
          height, so that nothing moves when it fills.
    """
    head = html.Div(
        [
            html.Div(
                [
                    html.H2(title, className="panel-title"),
                    html.P(subtitle, className="panel-subtitle"),
                ],
                className="panel-titles",
            ),
            html.Div(tools, className="panel-tools"),
        ],
        className="panel-head",
    )
    given: dict[str, Any] = {"id": id} if id else {}
    return html.Section([head, body], className=f"panel {class_name}".strip(), **given)
