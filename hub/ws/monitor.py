"""The monitor socket: handshake, subscriptions, heartbeats. Read-only; a wrong message ends it.

    monitor_connect → subscribe → subscription_confirmed → resumed | full_state_snapshot → events …

Nothing is sent before the first `subscribe`.
"""

from __future__ import annotations

import threading
import time
from typing import Final

import msgspec
import redis

from hub.decoding import decode
from hub.errors import InvalidInput, JobhubError, LimitReached, TooLarge, Unavailable
from hub.event_broadcaster import EventBroadcaster
from hub.messages import (
    Filters,
    MonitorConnect,
    MonitorHeartbeat,
    MonitorMessage,
    ResumePoint,
    ResyncRequest,
    Subscribe,
)
from hub.seat import BACKLOG_BYTES, SNAPSHOT_STALLED_S
from hub.subscription import Subscription
from hub.ws.connection import Connection
from hub.ws.protocol import CloseCode, error_message, request_id_of

MONITOR_MESSAGE_BYTES: Final = 64_000
_SUBSCRIBES_AT_ONCE: Final = 10  # each may cost a snapshot; beyond these, one a second is served
_ROOM_EVERY_S: Final = 0.05

_pause = threading.Event()


class MonitorHandler:
    """Talks with one monitor; MonitorWebSocketHandler in the words of the plan."""

    def __init__(self, connection: Connection, broadcaster: EventBroadcaster) -> None:
        self._connection = connection
        self._broadcaster = broadcaster
        self._introduced: MonitorConnect | None = None
        self._subscription: Subscription | None = None
        self._free_at = 0.0  # when the last of the subscribes at once will have been paid for

    def run(self) -> None:
        """Answer until the monitor is gone.

        Raises: simple_websocket.ConnectionClosed.
        """
        try:
            while True:
                text = self._connection.receive()
                if text is not None and not self._handle(text):
                    return
        finally:
            self._broadcaster.leave(self._connection)

    def _handle(self, text: str | bytes) -> bool:
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        try:
            self._answer(decode(data, MonitorMessage, max_bytes=MONITOR_MESSAGE_BYTES))
        except JobhubError as error:
            refusal = error_message(error, request_id_of(data))
            self._connection.send(msgspec.json.encode(refusal))
            self._connection.close(_close_code(error), error.message)
            return False
        except redis.RedisError:
            self._connection.close(CloseCode.RESYNC, "Redis cannot be reached")
            return False
        return True

    def _answer(self, message: MonitorMessage) -> None:
        match message:
            case MonitorConnect():
                if self._introduced is not None:
                    raise InvalidInput("already connected", field="type", code="out_of_order")
                self._introduced = message
            case Subscribe():
                self._subscribe(message)
            case MonitorHeartbeat():
                self._acknowledge(message)
            case ResyncRequest():
                self._resync(message)
            case _:
                raise InvalidInput("not expected now", field="type", code="out_of_order")

    def _subscribe(self, message: Subscribe) -> None:
        introduced = self._introduced
        if introduced is None:
            raise InvalidInput("monitor_connect comes first", field="type", code="out_of_order")
        _check_range(message.filters)
        first = self._subscription is None
        self._subscription = Subscription(message.topics, message.filters, introduced.form)
        # Out of the old group before the confirmation: nothing may come between it and the new state.
        self._broadcaster.leave(self._connection)
        self._make_room()
        epoch, seq = self._broadcaster.position
        self._send(
            {
                "type": "subscription_confirmed",
                "topics": message.topics,
                "filters": message.filters,
                "epoch": epoch,
                "seq": seq,
            },
            message.request_id,
        )
        self._seat(
            introduced,
            self._subscription,
            introduced.resume if first else None,
            full_state=introduced.request_full_state or not first,
        )

    def _seat(
        self,
        introduced: MonitorConnect,
        subscription: Subscription,
        resume: ResumePoint | None,
        *,
        full_state: bool = True,
    ) -> None:
        """Serve the monitor with events, or with whole states where it asked for polling."""
        if introduced.transport == "polling" and self._broadcaster.polling.enabled:
            self._broadcaster.polling.sit(self._connection)
            return
        self._broadcaster.seat(self._connection, subscription, resume, full_state=full_state)

    def _acknowledge(self, message: MonitorHeartbeat) -> None:
        epoch, seq = self._broadcaster.position
        now_ms = time.time_ns() // 1_000_000
        self._send(
            {"type": "heartbeat_ack", "server_timestamp": now_ms, "epoch": epoch, "seq": seq},
            message.request_id,
        )

    def _resync(self, message: ResyncRequest) -> None:
        if self._introduced is None or self._subscription is None:
            raise InvalidInput("subscribe comes first", field="type", code="out_of_order")
        self._broadcaster.leave(self._connection)
        self._make_room()
        resume = ResumePoint(epoch=message.epoch, seq=message.seq, short=message.short)
        self._seat(self._introduced, self._subscription, resume)

    def _make_room(self) -> None:
        """Wait until the last snapshot is taken and the next one is paid for: none waits twice in memory."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + 1.0
        wait_until = self._free_at - _SUBSCRIBES_AT_ONCE
        give_up_at = now + SNAPSHOT_STALLED_S
        while not self._connection.closed:
            now = time.monotonic()
            if now >= wait_until and not self._connection.backlog_bytes:
                return
            if now > give_up_at:
                self._connection.close_slow(CloseCode.SLOW, "the monitor is too slow")
            _pause.wait(_ROOM_EVERY_S)

    def _send(self, message: dict[str, object], request_id: str | None) -> None:
        if request_id is not None:
            message["request_id"] = request_id
        if self._connection.backlog_bytes > BACKLOG_BYTES:
            self._connection.close_slow(CloseCode.SLOW, "the monitor is too slow")
        self._connection.send(msgspec.json.encode(message))


def _close_code(error: JobhubError) -> CloseCode:
    """A monitor whose message was wrong shall not come back; one that found no snapshot shall."""
    if isinstance(error, Unavailable):
        return CloseCode.RESYNC
    over = isinstance(error, (LimitReached, TooLarge))
    return CloseCode.LIMIT if over else CloseCode.BAD_MESSAGE


def _check_range(filters: Filters) -> None:
    if filters.priority_range is not None and filters.priority_range[0] > filters.priority_range[1]:
        raise InvalidInput("the first is above the second", field="filters.priority_range")
