"""What a browser tells of its viewer."""

from __future__ import annotations

from typing import Final

from flask import has_request_context, request

_ZONE_COOKIE: Final = "jobhub_zone"  # assets/js/81_zone.js


def viewers_zone() -> str:
    """The name of the viewer's time zone as the browser sent it, which may be any text; UTC before it did."""
    return request.cookies.get(_ZONE_COOKIE, "UTC") if has_request_context() else "UTC"
