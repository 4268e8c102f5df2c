"""Signing in and out, and the check before every other request.

A session is a signed cookie that scripts cannot read and other sites do not send (HttpOnly,
SameSite=Strict; Secure where the dashboard's origin is https). It holds the name and when the user last
changed; the role is the hub's.
The form needs no token against CSRF: dashboard/security.py takes POSTs of our own pages only.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, g, redirect, render_template_string, request, session
from werkzeug.wrappers import Response as AnyResponse

from dashboard.addresses import address_of
from dashboard.config import DashboardConfig
from dashboard.people import People
from dashboard.throttle import WITHIN_S, Throttle

SIGN_IN_PATH: Final = "/sign-in"
SIGN_OUT_PATH: Final = "/sign-out"
SESSION_H: Final = 12
_FREE: Final = frozenset({"/healthz", SIGN_IN_PATH, SIGN_OUT_PATH})
_FIELD_CHARS: Final = 200
_TRIES_OF_NAME_FROM_ADDRESS: Final = 5
_TRIES_OF_NAME: Final = 30
_TRIES_FROM_ADDRESS: Final = 30  # behind a proxy that is not trusted, everybody's
_PAGE: Final = (Path(__file__).parent / "sign_in.html").read_text(encoding="utf-8")


def require_sign_in(server: Flask, config: DashboardConfig, people: People) -> None:
    """Add the pages, and let nobody else pass who has not signed in."""
    _prepare_sessions(server, config)
    _check_each_request(server, people)
    _add_pages(server, config, people, Throttle())


def _check_each_request(server: Flask, people: People) -> None:
    @server.before_request
    def check() -> AnyResponse | None:
        if request.path in _FREE or request.path.startswith("/assets/"):
            return None
        g.person = people.identify(session, request.headers)
        if g.person is not None:
            return None
        if request.method != "GET" or not request.accept_mimetypes.accept_html:
            abort(401, "sign in first: reload the page")
        return redirect(SIGN_IN_PATH)


def _add_pages(server: Flask, config: DashboardConfig, people: People, throttle: Throttle) -> None:
    @server.get(SIGN_IN_PATH)
    def form() -> Response:
        return _page()

    @server.post(SIGN_IN_PATH)
    def enter() -> AnyResponse:
        name = request.form.get("name", "")[:_FIELD_CHARS].strip()
        password = request.form.get("password", "")[: _FIELD_CHARS + 1]
        forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
        limits = _limits(name, address_of(request.remote_addr, forwarded, config.trusted_proxies))
        if not throttle.begin(limits):
            return _too_many()
        user = people.check_password(name, password)
        if user is None:
            return _page("Name or password is wrong.", 401)
        throttle.forgive(limits)
        session.clear()
        session.permanent = True
        session["name"], session["changed_at"] = user.name, user.changed_at
        return redirect("/", 303)

    @server.post(SIGN_OUT_PATH)
    def leave() -> AnyResponse:
        session.clear()
        return redirect(SIGN_IN_PATH, 303)


def _limits(name: str, address: str) -> dict[str, int]:
    return {
        f"{name}\n{address}": _TRIES_OF_NAME_FROM_ADDRESS,
        f"name {name}": _TRIES_OF_NAME,
        f"from {address}": _TRIES_FROM_ADDRESS,
    }


def _too_many() -> Response:
    page = _page("Too many attempts. Try again in five minutes.", 429)
    page.headers["Retry-After"] = str(int(WITHIN_S))
    return page


def _page(failure: str = "", status: int = 200) -> Response:
    return Response(render_template_string(_PAGE, failure=failure), status, mimetype="text/html")


def _prepare_sessions(server: Flask, config: DashboardConfig) -> None:
    # Dashboards of one deployment share its token, and so their sessions.
    server.secret_key = (
        hmac.digest(config.token.encode(), b"jobhub dashboard sessions", hashlib.sha256)
        if config.token
        else secrets.token_bytes(32)
    )
    settings: dict[str, Any] = {
        "SESSION_COOKIE_NAME": "jobhub_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_SECURE": any(origin.startswith("https:") for origin in config.origins),
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=SESSION_H),
    }
    server.config.update(settings)
