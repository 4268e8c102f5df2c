"""One peer on a WebSocket: whole messages in, framed messages out, pings, and an end with a code.

Of simple-websocket only the handshake is used: its reading thread hands every message to another greenlet
and takes four times as long to read it. Whoever handles a peer reads it, so a peer is read no faster than
its messages are served.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import gevent
from simple_websocket import ConnectionClosed

from hub import limits
from hub.errors import Unavailable
from hub.frames import (
    CLOSE,
    NO_CODE,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    read_close,
    write_close,
    write_frame,
)
from hub.ws.outbox import Interrupted, OutboxSocket

KINDS: Final = ("monitor", "worker", "client")
PING_EVERY_S: Final = 30.0
GONE_AFTER_S: Final = 75.0
_LINGER_S: Final = 2.0  # for the last frames and the peer's answer to a close
_SLOW_LINGER_S: Final = 10.0  # for a slow peer to reach the frame that tells it why
_READ_BYTES: Final = 65_536  # at a time: what waits for the handler is no more than these hold
_TOO_LONG: Final = 4504
_SPREAD_MIN_S: Final = 0.5
_COME_BACK_PER_S: Final = 300  # upgrades that a hub serves beside its work
_BURST_S: Final = 1.0  # messages of so many seconds may come at once
_PING: Final = write_frame(PING, b"")

_pause = threading.Event()


def frame(message: bytes) -> bytes:
    """Put a JSON text into one unmasked, uncompressed text frame."""
    return write_frame(TEXT, message)


class Connection:
    """A peer of one of KINDS. One greenlet receives; anyone may send."""

    def __init__(self, ws: Any, outbox: OutboxSocket, kind: str) -> None:
        self.kind = kind
        self.id = secrets.token_hex(8)
        self._ws = ws
        self._outbox = outbox
        self._frames = FrameReader(masked=True, limit_bytes=limits.BODY_BYTES, limit_code=_TOO_LONG)
        self._messages: deque[bytes] = deque()  # read, and not handled yet
        self._pinged_at = time.monotonic()
        self._paid_until = 0.0
        self._linger_s = _LINGER_S
        self.close_code: int | None = None
        self.closed = False  # nothing can be sent any more
        self._answered = False  # the peer has said that it closes

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
        if self.closed:
            return
        try:
            self._outbox.send(framed)
        except OSError:
            self._end()

    def offer_frame(self, framed: bytes) -> bool:
        """Send framed bytes unless something waits already; False when it does.

        The fan-out calls this for every monitor and frame: what it costs beside the system call counts.
        """
        if self.closed:
            return True
        try:
            return self._outbox.offer(framed)
        except OSError:
            self._end()
            return True

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """Wait for the next message; None after `timeout_s`.

        Raises: simple_websocket.ConnectionClosed: the peer is gone or the connection was closed.
        """
        with gevent.Timeout(timeout_s, False) if timeout_s else contextlib.nullcontext():
            while not self._messages:
                if self.closed:
                    raise ConnectionClosed()
                self._read(wait=True)
            self._hold_back(1)
            if self._outbox.aborted:  # nobody hears an answer: the rest is not worth its work
                raise ConnectionClosed()
            return self._messages.popleft()
        return None

    def receive_waiting(self, most: int) -> list[bytes]:
        """Take up to `most` messages that have arrived already; never waits for one."""
        if len(self._messages) < most and not self.closed:
            self._read(wait=False)
        waiting = [self._messages.popleft() for _ in range(min(most, len(self._messages)))]
        self._hold_back(len(waiting))
        return waiting

    def _read(self, *, wait: bool) -> None:
        """Read what has arrived, or wait for it, and do what control frames ask for."""
        try:
            read = self._outbox.recv if wait else self._outbox.recv_waiting
            data = read(_READ_BYTES)
        except Interrupted:
            return
        except OSError:
            data = b""
        if data is None:
            return
        self._take(self._frames.feed(data))
        failure = self._frames.failure
        if failure is not None:
            self.close(failure.code, failure.reason)
        elif not data:
            self._end()

    def _take(self, received: list[tuple[int, bytes]]) -> None:
        asked = None
        for kind, payload in received:
            if kind < CLOSE:
                self._messages.append(payload)
            elif kind == PING:
                asked = payload
            elif kind == CLOSE:
                self._answered = True
                self.send_frame(_answer_to_close(payload))
                self._end()
                return
        if asked is not None:  # the last of several is enough (RFC 6455, section 5.5.3)
            self.send_frame(write_frame(PONG, asked))

    def _hold_back(self, messages: int) -> None:
        """Take a peer's messages no faster than `MESSAGES_PER_S`: others want to be heard, too."""
        now = time.monotonic()
        self._paid_until = max(self._paid_until, now - _BURST_S) + messages / limits.MESSAGES_PER_S
        if self._paid_until > now and not self.closed:
            _pause.wait(self._paid_until - now)

    def close(self, code: int, reason: str) -> None:
        """Say why, then end; the peer has two seconds to take what waits."""
        if self.closed:
            return
        self.close_code = code
        self.send_frame(write_frame(CLOSE, write_close(code, reason)))
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
            self._await_answer()
        self._end()
        self._outbox.abort()
        self._outbox.close()
        self._let_go()

    def _await_answer(self) -> None:
        """Read what a closed peer still sends: unread bytes would turn our close frame into a reset."""
        with gevent.Timeout(_LINGER_S, False), contextlib.suppress(OSError, Interrupted):
            while not self._answered and (data := self._outbox.recv(_READ_BYTES)):
                self._answered = any(kind == CLOSE for kind, _ in self._frames.feed(data))

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
        self._ws.environ = self._ws.sock = self._ws.ws = self._ws.thread = None

    def _end(self) -> None:
        self.closed = True
        self._ws.connected = False  # flask-sock closes what still is
        self._outbox.interrupt()


def _answer_to_close(payload: bytes) -> bytes:
    try:
        code, _ = read_close(payload)
    except FrameError as failure:
        code = failure.code
    return write_frame(CLOSE, b"" if code == NO_CODE else write_close(code, ""))


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
