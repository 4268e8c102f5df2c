"""Gives each request an id: the caller's or a new one; it is in the answer and in every log line."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

from hub.http.callers import caller
from hub.logs import REQUEST_ID_HEADER, request_id, take_request_id, with_fields

log = logging.getLogger("hub.requests")


def follow_requests(app: Flask) -> None:
    """Note the id before anything else looks at a request; with the level info, log each one at its end."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()
        request_id.set(take_request_id(request.headers.get(REQUEST_ID_HEADER)))

    @app.after_request
    def end(response: Response) -> Response:
        asked = request_id.get()
        if asked is not None:
            response.headers[REQUEST_ID_HEADER] = asked
        if log.isEnabledFor(logging.INFO):
            _log_end(response.status_code)
        return response

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        request_id.set(None)


def _log_end(status: int) -> None:
    """Say who asked for what; the query is left out: it may name customers."""
    took_ms = round((time.monotonic() - g.began) * 1000, 1)
    name = caller().name if "caller" in g else None
    fields = with_fields(
        method=request.method,
        path=request.path,
        status=status,
        took_ms=took_ms,
        caller=name,
        address=request.remote_addr,
    )
    log.info("%s %s %d in %.1f ms", request.method, request.path, status, took_ms, extra=fields)
