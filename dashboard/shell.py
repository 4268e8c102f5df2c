"""What stands around every page: bar, connection, event stream, toasts, and the page's place."""

from __future__ import annotations

from typing import Any, Final

import dash
from dash import Dash, dcc, html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.config import DashboardConfig
from dashboard.hub_client import HubApi
from dashboard.pages import PAGES

_NAV_LABEL: Final[dict[str, Any]] = {"aria-label": "Pages"}


def shell_layout(config: DashboardConfig, hub: HubApi) -> Component:
    """Build the shell for one visit; the hub's snapshot is read here, once."""
    return html.Div(
        [
            _bar(),
            html.Main(dash.page_container, id="page", tabIndex="-1"),
            dcc.Store(id=ids.ACTION),
            dcc.Store(id=ids.ACTION_RESULT),
        ],
        id="shell",
    )


def register_shell(app: Dash) -> None:
    """Add the shell's callbacks."""


def _bar() -> Component:
    links = [
        dcc.Link(page.NAME, href=page.PATH, className="nav-link")
        for page in PAGES
        if page.IN_NAVIGATION
    ]
    return html.Header(
        [
            dcc.Link(
                [html.Img(src="/assets/logo.svg", alt="", width=20, height=20), "Jobhub"],
                href="/",
                className="brand",
            ),
            html.Nav(links, className="nav", **_NAV_LABEL),
        ],
        className="bar",
    )
