"""The way around blocked WebSockets: the browser polls the hub's snapshot through the dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response, jsonify, request

from dashboard.hub_client import HubUnreachable

SNAPSHOT_PATH: Final = "/live/snapshot"


def register_live_snapshot(server: Flask, readers: Mapping[str, Callable[[], Any]]) -> None:
    """Add GET /live/snapshot?hub=URL: the document of the hub's GET /api/snapshot; null while it is away.

    Args: readers: reads the document, by the URL under which browsers know the hub. No other URL is
          ever asked, or a page could make this server fetch from anywhere.
    """

    @server.get(SNAPSHOT_PATH)
    def live_snapshot() -> Response | tuple[Response, int]:
        url = request.args.get("hub", "").rstrip("/")
        read = readers.get(url)
        if read is None:
            problem = {
                "code": "unknown_hub",
                "field": "hub",
                "detail": f"{url!r} is not served here",
            }
            return jsonify(problem), 404
        try:
            return jsonify(read())
        except HubUnreachable:
            return jsonify(
                None
            )  # an error status would fill the browser's console every few seconds
