"""Answers: JSON for what went well, RFC 9457 problem documents for what did not."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import msgspec
import redis
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from wsproto.utilities import RemoteProtocolError

from hub.errors import JobhubError
from hub.logs import request_id

RETRY_AFTER_S: Final = 2
_EXPECTED: Final = re.compile(r"Expected (.+?)(?:, got .*)?$")

log = logging.getLogger(__name__)


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457, with a stable `code`, the field that is to blame and what was expected of it.

    `request_id` finds the request in the hub's log.
    """

    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    expected: str | None = None
    type: str = "about:blank"
    request_id: str | None = None


def answer(value: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(value), status, mimetype="application/json")


def csv_answer(name: str, chunks: Iterable[str]) -> Response:
    """Answer with a CSV file, streamed."""
    response = Response(
        (chunk.encode() for chunk in chunks),
        mimetype="text/csv",
        content_type="text/csv; charset=utf-8",
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def problem(status: int, code: str, detail: str, field: str | None = None) -> Response:
    """Answer with a problem document."""
    said = _EXPECTED.match(detail)
    expected = said.group(1) if said else None
    body = Problem(
        HTTPStatus(status).phrase,
        status,
        code,
        detail,
        field,
        expected,
        request_id=request_id.get(),
    )
    response = Response(msgspec.json.encode(body), status, mimetype="application/problem+json")
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def register_problems(app: Flask) -> None:
    """Turn every failure of a request into a problem document."""

    @app.errorhandler(JobhubError)
    def refused(error: JobhubError) -> Response:
        return problem(error.status, error.code, error.message, error.field)

    @app.errorhandler(redis.RedisError)
    def unavailable(error: redis.RedisError) -> Response:
        log.warning("Redis: %s", error)
        return problem(503, "unavailable", "Redis cannot be reached or cannot write; try again")

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        code = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
        response = problem(status, code, error.description or "")
        allow = getattr(error, "valid_methods", None)
        if allow:
            response.headers["Allow"] = ", ".join(sorted(allow))
        return response

    @app.errorhandler(RemoteProtocolError)
    def no_handshake(error: RemoteProtocolError) -> Response:
        response = problem(400, "bad_request", f"no WebSocket: {error}")
        response.headers["Sec-WebSocket-Version"] = "13"
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.exception("a request failed", exc_info=error)
        return problem(500, "internal", "the hub failed; its log says why")
