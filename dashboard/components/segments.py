"""Links side by side of which one is chosen: a range, a grouping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component


def segments(links: Sequence[Component], label: str) -> Component:
    """Build the row. Args: label: what is chosen, for a screen reader."""
    said: dict[str, Any] = {"aria-label": label}
    return html.Div(list(links), className="segments", role="group", **said)


def segment_link(label: str, href: str, chosen: bool) -> Component:
    """Build one of them."""
    text: Any = [label, html.Span(", shown", className="visually-hidden")] if chosen else label
    return dcc.Link(text, href=href, className="segment segment-on" if chosen else "segment")
