"""What stands where no page is; Dash finds it by the name of the module."""

from __future__ import annotations

from typing import Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.states import empty_state
from dashboard.hub_client import HubApi

PATH: Final = "/not-found"
NAME: Final = "Not found"
IN_NAVIGATION: Final = False


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page."""
    return html.Div(
        empty_state("There is no such page", "Its address may be old.", link=("To Live", "/")),
        className="page",
    )


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back."""
