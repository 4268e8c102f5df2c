"""The pub/sub channel of the events, read straight off its socket.

redis-py polls before it reads; under gevent a poll is a turn of the event loop, and a fifth of what a
busy hub did was asking whether there was something to read. Here a read waits by itself, and takes
all that has arrived.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Final, cast

import hiredis
import redis

from hub.redis_service import RedisService

_CONFIRMED_S: Final = 5.0  # for the answer to SUBSCRIBE: as long as a call may wait
_READ_BYTES: Final = 65_536


class EventChannel:
    """A subscription on a connection of its own, which never comes back by itself. One thread reads.

    Args:   silence_s: how long a read waits.
    Raises: redis.RedisError, OSError: Redis cannot be reached.
    """

    def __init__(self, service: RedisService, silence_s: float) -> None:
        self._service = service
        self._connection = service.new_connection()
        # A parser of its own: redis-py's would keep what came right behind the confirmation.
        self._parser = hiredis.Reader(replyError=redis.ResponseError)
        self._early: list[bytes] = []
        try:
            self._connection.send_command("SUBSCRIBE", service.keys.channel)
            self._socket = cast(Any, self._connection)._sock
            self._socket.settimeout(_CONFIRMED_S)
            self._await_confirmation()
            self._socket.settimeout(silence_s)
        except BaseException:
            self.close()
            raise

    def read(self) -> list[bytes]:
        """Wait for publications; the list is empty when none came in time.

        Raises: redis.ConnectionError: the subscription is over, and what is published now is lost.
        """
        if self._early:
            early, self._early = self._early, []
            return early
        time.sleep(0)  # a socket that always holds something never waits: let the others run
        try:
            self._receive()
        except TimeoutError:
            return []
        return [reply[2] for reply in self._replies() if reply[0] == b"message"]

    @property
    def outdated(self) -> bool:
        """Whether another server is the primary now: its events are published there."""
        return self._service.is_outdated(self._connection)

    def close(self) -> None:
        """End the subscription."""
        with suppress(OSError):
            self._connection.disconnect()

    def _await_confirmation(self) -> None:
        replies: list[list[Any]] = []
        while not replies:
            self._receive()
            replies = self._replies()
        self._early = [reply[2] for reply in replies[1:]]

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            raise
        except OSError as error:
            raise redis.ConnectionError(f"the subscription is lost: {error}") from error
        if not data:
            raise redis.ConnectionError("Redis has ended the subscription")
        self._parser.feed(data)

    def _replies(self) -> list[list[Any]]:
        """Take the whole replies that have arrived: `[kind, channel, message]` each."""
        replies = []
        while (reply := self._parser.gets()) is not False:
            if isinstance(reply, Exception):
                raise reply
            replies.append(reply)
        return replies
