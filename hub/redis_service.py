"""The hub's way to Redis: connections that know their epoch, and scripts run by name.

What is promised: no command reaches a server before the epoch check of that connection, and
nothing is ever sent twice by itself. A call ends within about ten seconds, whatever Redis does, and at once
while Redis is known to be silent (hub.redis_gate). redis-py retries ten times by default, and one lost reply
of a claim would then claim two jobs; here a failure surfaces, and leases bring the job back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.exceptions import NoScriptError, ResponseError
from redis.retry import Retry

from hub import scripts
from hub.keys import Keys
from hub.redis_gate import GatedPool
from hub.redis_routes import Elsewhere, read_redis_url
from hub.script_calls import ScriptCall, Value

_ANSWER_S = 5.0  # the longest script takes 0.02 s; a fork of a large server may take a second
_CONNECT_S = 2.0
_FREE_CONNECTION_S = 2.0
_CONNECTIONS_MAX = 64  # greenlets beyond this wait for a free connection


class _Client(redis.Redis):
    """Tells the pool when a call was not answered in time, and follows a server to its new place."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        return self._tell(partial(super().execute_command, *args, **options))

    def send_packed(self, call: bytes) -> Any:
        """Send a command that is packed already; half of what `execute_command` costs beside Redis."""
        return self._tell(partial(self._exchange, call))

    def _exchange(self, call: bytes) -> Any:
        pool = self.connection_pool
        connection: Any = pool.get_connection()
        try:
            connection.send_packed_command((call,), check_health=False)
            return connection.read_response()
        finally:  # one whose answer did not come has disconnected itself
            pool.release(connection)

    def _tell(self, execute: Callable[[], Any]) -> Any:
        try:
            try:
                return execute()
            except Elsewhere:  # refused, not done: the next connection leads to the new place
                return execute()
        except redis.TimeoutError:
            if isinstance(self.connection_pool, GatedPool):
                self.connection_pool.note_silence()
            raise


class RedisService:
    """Runs scripts on one Redis under one namespace.

    Args:   url: as hub.redis_routes reads it. stream_events: how many events the log keeps at least.
            connections_max: who wants more waits for a free one.
    Raises: InvalidInput: the URL is wrong.
    """

    def __init__(
        self,
        url: str,
        keys: Keys,
        *,
        stream_events: int = 100_000,
        connections_max: int = _CONNECTIONS_MAX,
    ) -> None:
        self.keys = keys
        self._stream_events = stream_events
        self._calls: dict[str, ScriptCall] = {}
        self._pool = GatedPool(
            **read_redis_url(url, keys.meta),
            max_connections=connections_max,
            timeout=_FREE_CONNECTION_S,
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=_CONNECT_S,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._on_connect,
        )
        # Any: redis-py 8 types every reply as a union of bytes, str and more; here it is bytes.
        self.redis: Any = _Client(connection_pool=self._pool)

    def run(self, name: str, **args: Value) -> Any:
        """Run the script `name` with the arguments that its header names.

        Returns: what the script returns, strings as bytes.
        Raises:  redis.ConnectionError, redis.TimeoutError: no reply; the script may have run.
                 redis.ResponseError: it did not run to its end (out of memory, read-only).
        Redis:   one round trip; atomic.
        """
        call = self._calls.get(name) or self._learn(name)
        try:
            return self._evaluate(call, args)
        except ResponseError as error:
            if not str(error).startswith("NOEPOCH"):
                raise
            # Somebody emptied a running server: nothing was written, so a second try is safe.
            with_epoch = self._pool.get_connection()
            try:
                self._adopt_epoch(with_epoch)
            finally:
                self._pool.release(with_epoch)
            return self._evaluate(call, args)

    def new_connection(self) -> AbstractConnection:
        """Open a connection outside the pool, for a loop that reads pub/sub; the caller disconnects it.

        Raises: redis.ConnectionError, redis.TimeoutError.
        """
        connection: AbstractConnection = self._pool.connection_class(**self._pool.connection_kwargs)
        connection.connect()
        return connection

    def is_outdated(self, connection: AbstractConnection) -> bool:
        """Whether Redis is at another place than `connection` leads to (hub.redis_routes)."""
        return bool(getattr(connection, "outdated", False))

    def close(self) -> None:
        """Close every connection of the pool."""
        self._pool.disconnect()

    def _learn(self, name: str) -> ScriptCall:
        call = self._calls[name] = ScriptCall(scripts.load(name), self.keys)
        return call

    def _evaluate(self, call: ScriptCall, args: Mapping[str, Value]) -> Any:
        try:
            return self.redis.send_packed(call.pack(args))
        except NoScriptError:
            return self.redis.send_packed(call.pack(args, text=True))

    def _on_connect(self, connection: AbstractConnection) -> None:
        connection.on_connect()
        self._adopt_epoch(connection)

    def _adopt_epoch(self, connection: AbstractConnection) -> None:
        """Compare this server's run id with the one beside the epoch; a new server starts a new epoch."""
        connection.send_command("INFO", "server")
        run_id = _run_id(connection.read_response())
        script = scripts.load("adopt_epoch")
        connection.send_command(
            "EVAL",
            script.text,
            len(script.keys),
            *(self.keys.key(key) for key in script.keys),
            secrets.token_hex(8),
            run_id,
            self._stream_events,
        )
        connection.read_response()


def _run_id(info: bytes | str) -> str:
    text = info.decode() if isinstance(info, bytes) else info
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "run_id":
            return value
    raise redis.ConnectionError("the server does not tell its run id")
