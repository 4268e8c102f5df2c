"""Keeps callers from queueing up before a Redis that does not answer.

What I am: the pool of connections, with a door. What I trade: from the first call that ran into its
time limit on, every call fails at once, also one that would have been answered. A thread of its own
looks twice a second whether the server speaks again, and opens the door.
"""

from __future__ import annotations

import _socket
import logging
import os
import socket
import ssl
import threading
import time
from typing import Any, Final

import redis

_WAITING_MAX: Final = 256  # callers that may wait for a free connection; further ones are refused
_LOOK_EVERY_S: Final = 0.5
_LOOK_S: Final = 1.0  # for the answer to a look

log = logging.getLogger(__name__)


class _Looking:
    """A connection that looks whether it is still alive with one system call.

    A pool asks before each command. redis-py 8 polls for the answer, and under gevent a poll is a
    turn of the event loop: a fifth of what a script cost the hub.
    """

    def can_read(self, timeout: float = 0) -> bool:
        """Tell whether something arrived that nobody asked for.

        Raises: redis.ConnectionError: the server has closed the connection.
        """
        sock: Any = self._sock  # type: ignore[attr-defined]
        plain = getattr(sock, "_sock", None)  # gevent's sockets hold one that never blocks
        if timeout or not isinstance(plain, _socket.socket) or isinstance(sock, ssl.SSLSocket):
            return bool(super().can_read(timeout))  # type: ignore[misc]
        try:
            arrived = plain.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            raise redis.ConnectionError(f"the connection to Redis is lost: {error}") from None
        if not arrived:
            raise redis.ConnectionError("Redis has closed the connection")
        return True


class GatedPool(redis.BlockingConnectionPool):
    """A bounded pool whose callers fail at once while the server is silent.

    A connection that comes back stays at hand: the way through redis-py's queue, with its measurements,
    costs as much as a short script. Bounded by `max_connections`, as all connections are.
    """

    _silent_since: float | None = None
    _waiting = 0

    def __init__(self, connection_class: type[Any] = redis.Connection, **options: Any) -> None:
        self._at_hand: list[Any] = []
        looking = type(f"Looking{connection_class.__name__}", (_Looking, connection_class), {})
        super().__init__(connection_class=looking, **options)  # type: ignore[no-untyped-call]

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:
        """Take a connection that is known to be alive.

        Raises: redis.ConnectionError: the server is silent or gone, or too many wait already;
                redis.TimeoutError: it has just fallen silent.
        """
        if self._silent_since is not None:
            raise redis.ConnectionError("Redis is silent")
        self._checkpid()
        connection = self._take_at_hand()
        if connection is not None:
            return connection
        if self._waiting >= _WAITING_MAX:
            raise redis.ConnectionError("too many wait for Redis")
        self._waiting += 1
        try:
            return super().get_connection()  # type: ignore[no-untyped-call]
        except redis.TimeoutError:
            self.note_silence()
            raise
        finally:
            self._waiting -= 1

    def _take_at_hand(self) -> Any:
        """The connection used last, if it can be used as it is; else it is the next to be made anew.

        The others at hand are left alone then: where Redis has moved, they too lead to the old place, and
        only a new connection asks for the new one.
        """
        if not self._at_hand:
            return None
        connection = self._at_hand.pop()
        if _is_ready(connection):
            return connection
        super().release(connection)  # type: ignore[no-untyped-call]
        return None

    def release(self, connection: Any) -> None:
        """Take a connection back; who waits for one is served first."""
        if self._waiting or connection.pid != os.getpid():
            super().release(connection)  # type: ignore[no-untyped-call]
        else:
            self._at_hand.append(connection)

    def reset(self) -> None:
        """Begin without connections, also after a fork."""
        self._at_hand.clear()
        super().reset()  # type: ignore[no-untyped-call]

    def note_silence(self) -> None:
        """Refuse callers until the server speaks again: a call ran into its time limit."""
        if self._silent_since is not None:
            return
        self._silent_since = time.monotonic()
        log.warning("Redis is silent: requests are refused until it answers")
        threading.Thread(target=self._listen, name="redis-gate", daemon=True).start()

    def _listen(self) -> None:
        while self._is_silent():
            time.sleep(_LOOK_EVERY_S)
        silent_s = time.monotonic() - (self._silent_since or 0.0)
        self._silent_since = None
        log.warning("Redis is no longer silent, after %.1f s", silent_s)

    def _is_silent(self) -> bool:
        """Knock with a connection of its own; a refusal is an answer too: callers will hear it at once."""
        limits = {"socket_timeout": _LOOK_S, "socket_connect_timeout": _LOOK_S}
        connection = self.connection_class(**{**self.connection_kwargs, **limits})
        try:
            connection.connect()
        except redis.TimeoutError:
            return True
        except (redis.RedisError, OSError):
            return False
        finally:
            connection.disconnect()
        return False


def _is_ready(connection: Any) -> bool:
    """Whether a connection that was used before can be used again as it is."""
    if connection._sock is None or getattr(connection, "outdated", False):
        return False
    try:
        return not connection.can_read()
    except redis.ConnectionError:
        return False
