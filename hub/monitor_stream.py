"""A monitor without a screen: the hub's frames in order, across reconnects, without a gap.

The chain of `prev` and `seq` is checked here. After a cut the connection resumes from the last seq;
only when the hub no longer holds what was missed does it start again from a snapshot, and says so.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

from hub.config import Settings
from hub.errors import AccessDenied, InvalidInput, Unavailable

_SILENT_S: Final = 45.0  # the hub sends a bookmark every 15 s when nothing happens
_FIRST_WAIT_S: Final = 0.2
_LONGEST_WAIT_S: Final = 10.0
_FORBIDDEN_FROM: Final = 4500  # close codes from here on forbid a reconnect
_CONNECT_S: Final = 10.0


class Frame(msgspec.Struct, frozen=True):
    """One frame of the monitor socket; what a type does not carry is None."""

    type: str
    epoch: str = ""
    prev: int = 0
    seq: int = 0
    timestamp: int = 0
    events: list[msgspec.Raw] = []
    counts: dict[str, int] | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    window_of: str = msgspec.field(name="list", default="")
    rows: list[msgspec.Raw] = []
    truncated: bool = False
    message: str = ""
    field: str | None = None


class Lost(msgspec.Struct, frozen=True):
    """The connection was lost and is being made again."""

    reason: str


class MonitorStream:
    """Frames of one hub, for as long as the caller reads them."""

    def __init__(
        self,
        settings: Settings,
        topics: Sequence[str],
        filters: dict[str, Any] | None = None,
        *,
        full_state: bool,
    ) -> None:
        self._url = settings.hub_url
        self._token = settings.token
        self._topics = list(topics)
        self._filters = filters or {}
        self._full_state = full_state
        self._monitor_id = f"cli-{secrets.token_hex(4)}"
        self._epoch = ""
        self._seq: int | None = None
        self._chained = False  # whether this connection has said where its chain begins

    def read(self, timeout_s: float | None = None) -> Iterator[Frame | Lost | None]:
        """Yield frames as they come; `Lost` at a cut; None when `timeout_s` passed quietly.

        Raises: Unavailable: no hub answered the first time. InvalidInput, AccessDenied: the hub does
                 not want this monitor.
        """
        wait_s = 0.0
        while True:
            try:
                with self._connect() as connection:
                    for frame in self._frames(connection, timeout_s):
                        wait_s = 0.0
                        yield frame
            except (OSError, InvalidHandshake, ConnectionClosed, msgspec.MsgspecError) as error:
                if self._seq is None and not isinstance(error, ConnectionClosed):
                    raise self._first_failure(error) from None
                if isinstance(error, ConnectionClosed):
                    _raise_if_forbidden(error)
                yield Lost(str(error) or type(error).__name__)
            time.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(_LONGEST_WAIT_S, max(_FIRST_WAIT_S, wait_s * 2))

    def _connect(self) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        scheme, _, place = self._url.partition("://")
        if scheme not in ("http", "https"):
            raise InvalidInput(f"{self._url} is not an http URL", field="JOBHUB_HUB_URL")
        try:
            return connect(
                f"{scheme.replace('http', 'ws')}://{place}/ws/monitor",
                additional_headers=headers,
                max_size=None,
                open_timeout=_CONNECT_S,
                proxy=None,
            )
        except InvalidURI:
            raise InvalidInput(f"{self._url} is not an http URL", field="JOBHUB_HUB_URL") from None

    def _first_failure(self, error: Exception) -> Exception:
        if isinstance(error, InvalidStatus):
            return AccessDenied(f"{self._url} answered {error.response.status_code} to a monitor")
        return Unavailable(f"no hub answers at {self._url}", field="JOBHUB_HUB_URL")

    def _frames(
        self, connection: ClientConnection, timeout_s: float | None
    ) -> Iterator[Frame | None]:
        self._chained = False
        hello: dict[str, Any] = {
            "type": "monitor_connect",
            "monitor_id": self._monitor_id,
            "request_full_state": self._full_state,
        }
        if self._seq is not None:
            hello["resume"] = {"epoch": self._epoch, "seq": self._seq}
        connection.send(msgspec.json.encode(hello), text=True)
        connection.send(
            msgspec.json.encode(
                {"type": "subscribe", "topics": self._topics, "filters": self._filters}
            ),
            text=True,
        )
        heard_at = time.monotonic()
        while True:
            try:
                text = connection.recv(timeout_s or _SILENT_S)
            except TimeoutError:
                if time.monotonic() - heard_at > _SILENT_S or timeout_s is None:
                    raise ConnectionError("the hub has fallen silent") from None
                yield None
                continue
            heard_at = time.monotonic()
            frame = msgspec.json.decode(text, type=Frame)
            if self._take(frame, connection):
                yield frame

    def _take(self, frame: Frame, connection: ClientConnection) -> bool:
        """Move on to the frame's seq; False when the caller need not see it."""
        match frame.type:
            case "error":
                raise InvalidInput(frame.message, field=frame.field)
            case "subscription_confirmed":
                if (
                    self._seq is None
                ):  # a cut before the first frame resumes from here: nothing is missed
                    self._epoch, self._seq = frame.epoch, frame.seq
                return True
            case "full_state_snapshot" | "resumed":
                self._epoch, self._seq, self._chained = frame.epoch, frame.seq, True
                return True
            case "events" | "window":
                if self._chained and (frame.epoch, frame.prev) != (self._epoch, self._seq):
                    raise ConnectionError("an event is missing")
                self._epoch, self._seq, self._chained = frame.epoch, frame.seq, True
                return True
        return False


def _raise_if_forbidden(closed: ConnectionClosed) -> None:
    """Some close codes say: do not come back."""
    received = closed.rcvd
    if received is not None and received.code >= _FORBIDDEN_FROM:
        raise AccessDenied(received.reason or f"the hub closed the connection with {received.code}")
