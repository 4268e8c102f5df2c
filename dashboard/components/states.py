"""What a panel or page says when it has nothing to show, or cannot."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component


def empty_state(
    title: str, sentence: str, *, link: tuple[str, str] | None = None, level: int = 1
) -> Component:
    """Say that nothing is there, why, and where to go.

    Args: link: text and path. level: of the heading; a page needs one h1, a panel takes 2 or 3.
    """
    heading = (html.H1, html.H2, html.H3)[level - 1]
    action = dcc.Link(link[0], href=link[1], className="button") if link else None
    return html.Div(
        [heading(title, className="empty-title"), html.P(sentence, className="muted"), action],
        className="empty",
    )


def error_banner(
    sentence: str, *, title: str = "No connection to the hub.", id: str | None = None
) -> Component:
    """Say across the page what is wrong; the page under it stays usable."""
    given: dict[str, Any] = {"id": id} if id else {}
    return html.Div(
        [
            html.Strong(f"{title} "),
            html.Span(sentence),
            html.A("Try again", href="", className="button button-small"),
        ],
        className="banner banner-bad",
        role="alert",
        **given,
    )
