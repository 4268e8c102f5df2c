"""The component that brings the hub's events into the page.

Its script is assets/js/50_event_stream.js: no build step, no package of its own. It draws nothing and
connects to nothing until `jobhub.stream.connect(url)` is called in the browser or `auto_connect` is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component


class EventStream(Component):
    """Owns the browser's WebSocket and its store. Put one into the shell, above the pages.

    Args: hub_url: where the browser finds the hub. presets: [{"label", "url"}] to choose from.
          ticket_url: route of the dashboard that gives `{"ticket": ...}` to a POST; None: none is needed.
          snapshot_url: route of the dashboard to poll where WebSockets are blocked; None: no polling.
          auto_connect: connect when the page loads, a person's explicit wish (`?connect=1`).
          snapshot: document of GET /api/snapshot to show before anyone connects.
          status, last_seq: set by the browser, throttled; what callbacks may read.
    """

    _children_props: list[str] = []  # noqa: RUF012 (Dash declares both as instance variables)
    _base_nodes = ["children"]  # noqa: RUF012
    _namespace = "jobhub_components"
    _type = "EventStream"

    def __init__(
        self,
        id: str,
        hub_url: str,
        presets: Sequence[Mapping[str, str]] = (),
        ticket_url: str | None = None,
        snapshot_url: str | None = None,
        auto_connect: bool = False,
        snapshot: Mapping[str, Any] | None = None,
        status: Mapping[str, Any] | None = None,
        last_seq: int | None = None,
    ) -> None:
        props = {
            "id": id,
            "hub_url": hub_url,
            "presets": list(presets),
            "ticket_url": ticket_url,
            "snapshot_url": snapshot_url,
            "auto_connect": auto_connect,
            "snapshot": snapshot,
            "status": status,
            "last_seq": last_seq,
        }
        self._prop_names = list(props)
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_properties = self._valid_wildcard_attributes
        given = {name: value for name, value in props.items() if value is not None}
        super().__init__(**given)  # type: ignore[no-untyped-call]
