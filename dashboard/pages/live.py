"""Live: the screen that an operator keeps open."""

from __future__ import annotations

from typing import Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.hub_client import HubApi

PATH: Final = "/"
NAME: Final = "Live"
IN_NAVIGATION: Final = True


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page."""
    return html.Div([html.H1("Live", className="visually-hidden")], className="page live")


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back."""
