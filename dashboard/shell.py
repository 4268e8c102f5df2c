"""What stands around every page: bar, connection, event stream, toasts, and the page's place."""

from __future__ import annotations

from typing import Any, Final

import dash
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components.connection_bar import connection_bar
from dashboard.components.event_stream import EventStream
from dashboard.components.pill import TONES
from dashboard.components.states import error_banner
from dashboard.components.widget import Widget
from dashboard.config import DashboardConfig
from dashboard.hub_client import HubApi
from dashboard.live_snapshot import SNAPSHOT_PATH
from dashboard.pages import PAGES
from dashboard.person import Person, current
from dashboard.routes import TICKET_PATH
from dashboard.sign_in import SIGN_OUT_PATH
from hub.errors import JobhubError

_NAV_LABEL: Final[dict[str, Any]] = {"aria-label": "Pages"}
_TOAST_LABEL: Final[dict[str, Any]] = {"aria-live": "polite", "aria-label": "Messages"}


def shell_layout(config: DashboardConfig, hub: HubApi) -> Component:
    """Build the shell for one visit; the hub's snapshot is read here, once."""
    snapshot, failure = _read_snapshot(hub)
    person = current()
    return html.Div(
        [
            EventStream(
                ids.STREAM,
                config.presets[0].url,
                presets=[{"label": preset.name, "url": preset.url} for preset in config.presets],
                ticket_url=TICKET_PATH if hub.needs_ticket else None,
                snapshot_url=SNAPSHOT_PATH,
                snapshot=snapshot,
            ),
            Widget("words", options={"tones": TONES}),
            _bar(person, config),
            connection_bar(config.presets, failure),
            error_banner(failure, id=ids.FAILURE) if failure else None,
            html.Main(dash.page_container, id="page", tabIndex="-1"),
            html.Div(id="toasts", className="toasts", role="region", **_TOAST_LABEL),
            dcc.Store(id=ids.ACTION),
            dcc.Store(id=ids.ACTION_RESULT),
            dcc.Store(id=ids.SINK),
        ],
        id="shell",
        className="is-viewer" if person.role == "viewer" and not person.failure else "",
    )


def register_shell(app: Dash) -> None:
    """Add the shell's callbacks."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("jobhub_actions", "answered"),
        Output(ids.SINK, "data"),
        Input(ids.ACTION_RESULT, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("jobhub_navigation", "moved"),
        Output(ids.NAVIGATION, "data-path"),
        Input(ids.LOCATION, "pathname"),
    )


def _read_snapshot(hub: HubApi) -> tuple[Any, str | None]:
    try:
        return hub.snapshot(), None
    except JobhubError as error:
        return None, error.message


def _bar(person: Person, config: DashboardConfig) -> Component:
    links = [
        dcc.Link(page.NAME, href=page.PATH, className="nav-item")
        for page in PAGES
        if page.IN_NAVIGATION
    ]
    brand = dcc.Link(
        [html.Img(src="/assets/logo.svg", alt="", width=20, height=20), html.Span("Jobhub")],
        href="/",
        className="brand",
    )
    return html.Header(
        html.Div(
            [
                brand,
                html.Nav(links, id=ids.NAVIGATION, className="nav-items", **_NAV_LABEL),
                Widget("help_button", className="help-button"),
                Widget("theme_switch", className="theme-switch", label="Theme"),
                _signed_in(person, config),
            ],
            className="topbar-inner",
        ),
        className="topbar",
    )


def _signed_in(person: Person, config: DashboardConfig) -> Component | None:
    """Say who is signed in, and let them out; a proxy that names people has a way out of its own."""
    if person.name is None:
        return None
    words: list[Component] = [html.Span(f"{person.name} · {person.role}")]
    if config.trusted_user_header is None:
        button = html.Button(
            "Sign out", type="submit", className="button button-quiet button-small"
        )
        words.append(html.Form(button, method="POST", action=SIGN_OUT_PATH))
    return html.Div(words, className="person")
