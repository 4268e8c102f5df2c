"""What all sockets share: close codes, errors, batches and authentication."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sized
from enum import IntEnum
from typing import Any

import msgspec

from hub import limits
from hub.decoding import decode
from hub.errors import AccessDenied, InvalidInput, JobhubError
from hub.messages import Auth
from hub.ws.connection import Connection

AUTH_WITHIN_S = 5.0
NONSENSE_MAX = 100
NONSENSE_WITHIN_S = 10.0


class CloseCode(IntEnum):
    """1000 ends in agreement, 4000-4499 invite a reconnect with backoff, 4500-4999 forbid it."""

    GOODBYE = 1000
    SLOW = 4008
    RESYNC = 4009
    BAD_MESSAGE = 4500
    SUPERSEDED = 4501
    UNAUTHENTICATED = 4503
    LIMIT = 4504


class ErrorMessage(msgspec.Struct, tag_field="type", tag="error", omit_defaults=True):
    """Why a message was refused; `field` names where."""

    code: str
    message: str
    field: str | None = None
    request_id: str | None = None


def error_message(error: JobhubError, request_id: str | None = None) -> ErrorMessage:
    """Describe a failure to a peer."""
    return ErrorMessage(error.code, error.message, error.field, request_id)


class Refused(msgspec.Struct, frozen=True):
    """A message that could not be read, in its place among others."""

    error: JobhubError
    request_id: str | None


def read_messages(text: str | bytes, shape: Any) -> tuple[list[Any], bool]:
    """Read a message's items as `shape`, each that cannot be read as `Refused`; True when it was an array.

    Raises: JobhubError: not JSON, too large, or an empty or oversized array.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if data.lstrip()[:1] != b"[":
        return [_read_message(data, shape)], False
    try:
        messages: list[Any] = decode(data, list[shape])
    except InvalidInput:
        # One by one, to say which is wrong.
        items: list[msgspec.Raw] = decode(data, list[msgspec.Raw])
        _check_batch(items)
        return [_read_message(bytes(item), shape) for item in items], True
    _check_batch(messages)
    return messages, True


def _read_message(data: bytes, shape: Any) -> Any:
    try:
        return decode(data, shape)
    except JobhubError as error:
        return Refused(error, request_id_of(data))


def _check_batch(items: Sized) -> None:
    if not 0 < len(items) <= limits.BATCH_JOBS:
        raise InvalidInput(f"a batch holds 1 to {limits.BATCH_JOBS} messages", code="limit")


def request_id_of(data: bytes) -> str | None:
    """Find the request id of a message that may be wrong otherwise."""
    try:
        value = msgspec.json.decode(data, type=_RequestId).request_id
    except (msgspec.MsgspecError, RecursionError):
        return None
    return value if isinstance(value, str) and len(value) <= limits.NAME_CHARS else None


class _RequestId(msgspec.Struct):
    request_id: Any = None


class Patience:
    """Counts a peer's messages that make no sense: 100 in ten seconds are a program gone wrong."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._heard: deque[float] = deque(maxlen=NONSENSE_MAX)

    def hear(self, error: JobhubError) -> None:
        """Note a refusal; only what no state of the hub would have made right counts."""
        if isinstance(error, InvalidInput):
            self._heard.append(self._now())

    @property
    def lost(self) -> bool:
        """Whether the connection is to be closed (4504)."""
        full = len(self._heard) == NONSENSE_MAX
        return full and self._now() - self._heard[0] < NONSENSE_WITHIN_S


def await_auth(connection: Connection) -> Auth:
    """Wait for `auth` as the first message.

    Raises: AccessDenied: nothing came in time. InvalidInput: something else did.
    """
    text = connection.receive(AUTH_WITHIN_S)
    if text is None:
        raise AccessDenied(f"no auth message within {AUTH_WITHIN_S:g} s")
    message: Auth = decode(text, Auth)
    return message
