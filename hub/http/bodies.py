"""Request bodies: JSON of a bounded size, decoded into the Struct that says what is allowed."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from flask import Request, request

from hub import limits
from hub.decoding import decode
from hub.errors import TooLarge, UnsupportedMediaType
from hub.http.shapes import NoBody

T = TypeVar("T")

_DRAINED_BYTES: Final = 32_000_000  # a sender of more is cut off and may not see the answer


def read_body(shape: type[T]) -> T:
    """Decode the body of the current request.

    Raises: UnsupportedMediaType, TooLarge, MalformedInput, InvalidInput.
    """
    _check_kind()
    value: T = decode(_read(request), shape)
    return value


def read_no_body() -> None:
    """Refuse a body that says anything; an empty one or `{}` is fine."""
    if _read(request):
        read_body(NoBody)


def read_optional_body(shape: type[T]) -> T:
    """Decode the body as `read_body` does; an empty one is a shape of defaults."""
    data = _read(request)
    if not data:
        return shape()
    _check_kind()
    value: T = decode(data, shape)
    return value


def refuse_large(current: Request) -> None:
    """Refuse a body that announces too much, once it was read: a sender cut off sees no answer.

    Raises: TooLarge.
    """
    if (current.content_length or 0) > limits.BODY_BYTES:
        _drain(current.environ["wsgi.input"])
        raise _too_large()


def _check_kind() -> None:
    kind = request.mimetype
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType(f"send application/json, not {kind}", field="Content-Type")


def _read(current: Request) -> bytes:
    """Read the body itself: werkzeug 3.1 cuts one of unknown length at the limit without a word."""
    stream = current.environ["wsgi.input"]
    if current.content_length is None and not current.environ.get("wsgi.input_terminated"):
        return b""
    body: bytes = stream.read(limits.BODY_BYTES + 1)
    if len(body) > limits.BODY_BYTES:
        _drain(stream)
        raise _too_large()
    return body


def _drain(stream: Any) -> None:
    left = _DRAINED_BYTES
    while left > 0 and (piece := stream.read(65_536)):
        left -= len(piece)


def _too_large() -> TooLarge:
    return TooLarge(f"at most {limits.BODY_BYTES} bytes are taken", field="body")
