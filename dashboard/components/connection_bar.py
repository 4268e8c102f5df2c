"""The row under the bar that says whether the page is live, and lets a person decide it.

Nothing connects by itself: before Connect the page shows what the server read, and this row says as of
when. assets/js/70_connection_bar.js fills it; its height is fixed, so nothing moves when the state changes.
"""

from __future__ import annotations

from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard.components.widget import Widget, part
from dashboard.config import Preset

_LIVE_REGION: Final[dict[str, Any]] = {"aria-live": "polite"}
_FACTS: Final = (
    ("subscribed", "Subscribed", "Whether the hub sends this page events"),
    ("latency", "Latency", "From the change in the hub to this page, median of the last events"),
    ("reconnects", "Reconnects", "How often the link came back since Connect"),
    ("resyncs", "Resyncs", "How often the page asked for what it had missed"),
)


def connection_bar(presets: tuple[Preset, ...], failure: str | None) -> Component:
    """Build the row.

    Args: failure: why the server could read no snapshot, in one sentence.
    """
    return Widget(
        "connection_bar",
        [_state(), _facts(), _choice(presets), _buttons()],
        className="connection",
        options={"failure": failure},
        label="Connection",
        role="region",
    )


def _state() -> Component:
    return html.Div(
        [
            html.Span("Disconnected", className="badge-state", **part("badge")),
            html.Span("", className="connection-note", **part("note")),
        ],
        className="connection-state",
        **_LIVE_REGION,
    )


def _facts() -> Component:
    facts = [
        html.Div(
            [html.Dt(label), html.Dd("–", **part(name))],
            title=explanation,
            className=f"fact fact-{name}",
        )
        for name, label, explanation in _FACTS
    ]
    return html.Dl(facts, className="connection-facts")


def _choice(presets: tuple[Preset, ...]) -> Component:
    options = [html.Option(preset.name, value=preset.url) for preset in presets]
    return html.Label(
        [
            html.Span("Hub", className="visually-hidden"),
            html.Select(options, className="select", **part("preset")),
        ],
        className="connection-choice",
        hidden=len(presets) < 2,
    )


def _buttons() -> Component:
    look = "button button-primary button-large"
    return html.Div(
        [
            html.Button("Connect", className=look, **part("connect")),
            html.Button("Disconnect", className="button", hidden=True, **part("disconnect")),
        ],
        className="connection-buttons",
    )
