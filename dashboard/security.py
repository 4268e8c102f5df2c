"""What every answer of the dashboard carries, and which requests it refuses.

A foreign name that resolves to this machine is refused by its Host (DNS rebinding). A change is
taken only from our own pages: browsers put Origin on every POST, so one that another page caused is
known by it (CSRF). The policy allows scripts of our own files and Dash's inline ones by their hash.
"""

from __future__ import annotations

from typing import Final

from dash import Dash
from flask import Flask, Response, abort, request

from dashboard.config import DashboardConfig
from hub.host_header import name_in
from hub.logs import REQUEST_ID_HEADER, request_id, take_request_id

BODY_BYTES: Final = 2_000_000  # a callback with its states; a page's tables are the largest
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def secure(app: Dash, config: DashboardConfig) -> None:
    """Check every request and harden every answer of the app's server."""
    server: Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = BODY_BYTES

    @server.before_request
    def check() -> None:
        request_id.set(take_request_id(request.headers.get(REQUEST_ID_HEADER)))
        host = request.headers.get("Host", "")
        if name_in(host) not in config.hosts:
            abort(403, f"the host {host!r} is not served here")
        if request.method not in _SAFE_METHODS and not _from_our_page(config, host):
            abort(403, "changes are taken from the dashboard's own pages only")
        if (request.content_length or 0) > BODY_BYTES:
            abort(413, f"at most {BODY_BYTES} bytes are taken")

    @server.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        response.headers[REQUEST_ID_HEADER] = request_id.get() or ""
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = content_policy(app, config)
        if not request.path.startswith(("/assets/", "/_dash-component-suites/")):
            response.headers["Cache-Control"] = "no-store"
        return response


def content_policy(app: Dash, config: DashboardConfig) -> str:
    """Write the policy; the hashes are those of the inline scripts that Dash has by now."""
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *app.csp_hashes()],
        # React, Plotly and AG Grid set style attributes; scripts stay strict.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'", *config.connect_sources],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


def _from_our_page(config: DashboardConfig, host: str) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return origin in (f"http://{host}", f"https://{host}") or origin in config.origins
