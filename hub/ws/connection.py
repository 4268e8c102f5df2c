"""One peer on a WebSocket: whole messages in, framed messages out, pings, and an end with a code."""

from __future__ import annotations

import contextlib
import random
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from simple_websocket import ConnectionClosed

from hub import limits
from hub.errors import Unavailable
from hub.ws.outbox import OutboxSocket

KINDS: Final = ("monitor", "worker", "client")
PING_EVERY_S: Final = 30.0
GONE_AFTER_S: Final = 75.0
_LINGER_S: Final = 2.0  # for the last frames and the peer's answer to a close
_SLOW_LINGER_S: Final = 10.0  # for a slow peer to reach the frame that tells it why
_INBOUND_WAITING: Final = 64  # messages that may wait for the handler before reading stops
_SPREAD_MIN_S: Final = 0.5
_COME_BACK_PER_S: Final = 300  # upgrades that a hub serves beside its work
_BURST_S: Final = 1.0  # messages of so many seconds may come at once
_PING: Final = b"\x89\x00"

_pause = threading.Event()


def frame(message: bytes) -> bytes:
    """Put a JSON text into one unmasked, uncompressed text frame (RFC 6455, section 5.2)."""
    size = len(message)
    if size < 126:
        head = bytes((0x81, size))
    elif size < 65_536:
        head = b"\x81\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x81\x7f" + size.to_bytes(8, "big")
    return head + message


def _never() -> bool:
    """Read nothing more."""
    return False


class Connection:
    """A peer of one of KINDS. One greenlet receives; anyone may send."""

    def __init__(self, ws: Any, outbox: OutboxSocket, kind: str) -> None:
        self.kind = kind
        self.id = secrets.token_hex(8)
        self._ws = ws
        self._outbox = outbox
        self._room = threading.Event()
        self._pinged_at = time.monotonic()
        self._paid_until = 0.0
        self._linger_s = _LINGER_S
        self.close_code: int | None = None
        outbox.before_receive = self._may_read

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return not self._ws.connected

    @property
    def backlog_bytes(self) -> int:
        """What waits in the outbox."""
        return self._outbox.backlog_bytes

    @property
    def stalled_s(self) -> float:
        """Seconds since the peer last took anything of what waits."""
        return self._outbox.stalled_s

    @property
    def patience_s(self) -> float:
        """How long a link as slow as this one may take nothing and still be alive."""
        return self._outbox.patience_s

    def send(self, message: bytes) -> None:
        """Send one JSON text; never blocks. A connection that is gone takes nothing, silently."""
        self.send_frame(frame(message))

    def send_frame(self, framed: bytes) -> None:
        """Send bytes that are framed already, such as one frame for many monitors."""
        if not self._ws.connected:
            return
        try:
            self._outbox.send(framed)
        except OSError:
            self._end()

    def offer_frame(self, framed: bytes) -> bool:
        """Send framed bytes unless something waits already; False when it does.

        The fan-out calls this for every monitor and frame: what it costs beside the system call counts.
        """
        if not self._ws.connected:
            return True
        try:
            return self._outbox.offer(framed)
        except OSError:
            self._end()
            return True

    def receive(self, timeout_s: float | None = None) -> str | bytes | None:
        """Wait for the next message; None after `timeout_s`.

        Raises: simple_websocket.ConnectionClosed: the peer is gone or the connection was closed.
        """
        message: str | bytes | None = self._ws.receive(timeout=timeout_s)
        if self._outbox.aborted:  # nobody hears an answer: what still waits is not worth its work
            raise ConnectionClosed()
        self._room.set()
        self._hold_back(message is not None)
        return None if message is None or self._ends_at(message) else message

    def receive_waiting(self, most: int) -> list[str | bytes]:
        """Take up to `most` messages that have arrived already; never blocks."""
        waiting: list[str | bytes] = self._ws.input_buffer[:most]
        del self._ws.input_buffer[:most]
        self._room.set()
        self._hold_back(len(waiting))
        return [message for message in waiting if not self._ends_at(message)]

    def _hold_back(self, messages: int) -> None:
        """Take a peer's messages no faster than `MESSAGES_PER_S`: others want to be heard, too."""
        now = time.monotonic()
        self._paid_until = max(self._paid_until, now - _BURST_S) + messages / limits.MESSAGES_PER_S
        if self._paid_until > now and not self.closed:
            _pause.wait(self._paid_until - now)

    def _ends_at(self, message: str | bytes) -> bool:
        """End a peer whose message is too long: its last piece may have come before a look at its sum."""
        if len(message) <= limits.BODY_BYTES:
            return False
        self._refuse_long()
        return True

    def _refuse_long(self) -> None:
        self.close(4504, f"a message is over {limits.BODY_BYTES} bytes")

    def close(self, code: int, reason: str) -> None:
        """Say why, then end; the peer has two seconds to take what waits."""
        if self.closed:
            return
        self.close_code = code
        # The peer may be gone already: then there is nobody to tell.
        with contextlib.suppress(ConnectionClosed, OSError):
            self._ws.close(code, reason.encode()[:120].decode(errors="ignore"))
        self._end()

    def close_slow(self, code: int, reason: str) -> None:
        """Say why and end, leaving out what still waited: the peer would be long in reaching the reason."""
        self._outbox.drop_waiting()
        self._linger_s = _SLOW_LINGER_S
        self.close(code, reason)

    def finish(self) -> None:
        """Hand over what waits, two seconds long as a rule; the server closes the socket afterwards."""
        self._outbox.flush(self._linger_s)
        if self.close_code is not None:
            self._ws.thread.join(_LINGER_S)
        self._end()
        self._outbox.abort()
        self._ws.thread.join(_LINGER_S)
        self._let_go()

    def keep_alive(self, now: float) -> None:
        """Ping a quiet peer; end one that has been silent for too long."""
        quiet_s = now - self._outbox.received_at
        if quiet_s > GONE_AFTER_S:
            self._end()
            self._outbox.abort()
        elif quiet_s > PING_EVERY_S and now - self._pinged_at > PING_EVERY_S:
            self._pinged_at = now
            self.send_frame(_PING)

    def _let_go(self) -> None:
        """Free at once what the connection held.

        flask-sock 0.7 makes a class a connection, which refers to itself and holds `ws` until the cycle
        collector comes round, which is seldom here: 40 kB a connection waited for it.
        """
        self._outbox.before_receive = _never
        if not self._ws.thread.is_alive():
            self._ws.environ = self._ws.sock = self._ws.ws = self._ws.thread = None

    def _end(self) -> None:
        self._ws.connected = False
        self._ws.event.set()
        self._room.set()

    def _may_read(self) -> bool:
        """Hold back a peer that sends faster than its handler works; end one that sends too much."""
        if self._ws.incoming_message_len > limits.BODY_BYTES:
            self._refuse_long()
            return False
        while not self.closed and len(self._ws.input_buffer) >= _INBOUND_WAITING:
            self._room.clear()
            self._room.wait(1.0)
        return not self.closed or self.close_code is None


class Connections:
    """Every open connection of this hub; one thread keeps them alive. Args: most: how many there may be."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[Connection] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="connections", daemon=True)

    def start(self) -> None:
        """Begin to ping."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection with 1012, each with a time of its own to come back at.

        However many there are, the hub that takes them hears a few hundred a second.
        """
        self._stopping.set()
        spread_s = max(_SPREAD_MIN_S, len(self._open) / _COME_BACK_PER_S)
        for connection in list(self._open):
            hint_s = random.uniform(0, spread_s)
            connection.close(1012, f"the hub is shutting down; come back in {hint_s:.1f} s")

    def check_room(self) -> None:
        """Refuse another one when there are as many as there may be.

        Raises: Unavailable.
        """
        if len(self._open) >= self._most:
            raise Unavailable(
                f"at most {self._most} sockets are held; try again", code="too_many_connections"
            )

    def count(self) -> dict[str, int]:
        """Count what is open, by kind of peer."""
        counted = dict.fromkeys(KINDS, 0)
        for connection in list(self._open):
            counted[connection.kind] += 1
        return counted

    @contextlib.contextmanager
    def open(self, ws: Any, kind: str) -> Iterator[Connection]:
        """Hold a connection for as long as its handler runs."""
        connection = Connection(ws, ws.sock, kind)
        self._open.add(connection)
        try:
            yield connection
        finally:
            self._open.discard(connection)
            connection.finish()

    def _tend(self) -> None:
        while not self._stopping.wait(5.0):
            now = time.monotonic()
            for connection in list(self._open):
                connection.keep_alive(now)
