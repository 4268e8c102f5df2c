"""The pages, in the order of the navigation. A page module has PATH, NAME, layout() and register().

PATH is a path of Dash Pages, `/jobs/<job_id>` included; IN_NAVIGATION = False keeps a page out of
the bar. `layout(hub, **variables)` gets the variables of the path and of the query;
`register(app, hub)` adds the page's callbacks. docs/dashboard.md has the recipe.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from dash import Dash

from dashboard.hub_client import HubApi
from dashboard.pages import (
    analytics,
    audit,
    job,
    jobs,
    live,
    not_found_404,
    submit,
    worker,
    workers,
)


class Page(Protocol):
    """What a page module has."""

    PATH: str
    NAME: str
    IN_NAVIGATION: bool

    def layout(self, hub: HubApi, **variables: str) -> Any:
        """Build the page for one view."""

    def register(self, app: Dash, hub: HubApi) -> None:
        """Add the page's callbacks."""


PAGES: Final[tuple[Any, ...]] = (
    live,
    jobs,
    job,
    workers,
    worker,
    analytics,
    submit,
    audit,
    not_found_404,
)
