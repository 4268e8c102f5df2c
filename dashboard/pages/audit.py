"""Audit: which operator did what, newest first.

Python builds the frame; assets/js/96_audit.js reads the hub's log page by page through
dashboard/routes.py, and again when the stream tells of an action.
"""

from __future__ import annotations

from typing import Any, Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.panel import panel
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi

PATH: Final = "/audit"
NAME: Final = "Audit"
IN_NAVIGATION: Final = True

_COLUMNS: Final = ("Time", "Who", "Did what", "To what")
_SCROLLED: Final[dict[str, Any]] = {"aria-label": "Actions of operators"}
_POLITE: Final[dict[str, Any]] = {"aria-live": "polite"}


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the frame."""
    return Widget("audit", [_head(), _log()], className="page audit")


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back: the page asks by its route."""


def _head() -> Component:
    export = html.A(
        "Export CSV",
        href="/export/audit.csv",
        className="button",
        download="audit.csv",
        title="Every action that is kept, as CSV",
    )
    return html.Div(
        [
            html.H1(NAME, className="page-title"),
            html.Span("", className="page-note"),
            export,
        ],
        className="page-head",
    )


def _log() -> Component:
    heads = [html.Th(title, scope="col") for title in _COLUMNS]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(**part("rows"))],
        className="figures-table audit-table",
    )
    body = [
        html.Div(table, className="table-scroll", tabIndex=0, role="region", **_SCROLLED),
        html.Div("Reading the log…", className="audit-empty", **part("empty")),
        html.Div(
            [
                html.Span("", **part("foot"), **_POLITE),
                html.Button("Older", className="button", disabled=True, **part("older")),
            ],
            className="panel-foot audit-foot",
        ),
    ]
    return panel(
        "What operators did", "Newest first; the newest 10,000 actions are kept", html.Div(body)
    )
