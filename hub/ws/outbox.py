"""A socket whose writes never block: one ordered, bounded outbox in front of the connection.

simple-websocket 1.1 writes from several greenlets without a lock, ignores a partial `send()` under
gevent and waits for slow readers. So its socket is replaced before it sees it, and everything that
leaves (its handshake, pongs and close, our frames and pings) passes here as whole pieces, in order.
What the kernel does not take at once waits in memory, and a writer exists only while something waits.

Full outbox: the connection is aborted; whoever feeds it looks at `backlog_bytes` first. The kernel
holds little behind it, or a slow link would be megabytes behind before anybody saw a backlog.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import gevent

_STUCK_S: Final = 35.0  # a peer that takes nothing for so long is gone (a large snapshot may crawl)
_READ: Final = 1  # libev's EV_READ
_UNSENT_BYTES: Final = (
    65_536  # that the kernel may hold beyond what is on its way (TCP_NOTSENT_LOWAT)
)
_SLOW_DRAIN_S: Final = 0.5  # a backlog that took longer to drain tells how slow the link is
_STRIDE_BYTES: Final = 131_072  # a receiver may open its window only in strides of this size
_PATIENCE_MAX_S: Final = 30.0


class Interrupted(Exception):
    """The wait for bytes was ended from elsewhere."""


class OutboxSocket:
    """Stands in for the socket of one upgraded connection.

    Args: raw: the connected socket (gevent's or plain). limit_bytes: what may wait in memory.
    """

    def __init__(self, raw: Any, limit_bytes: int) -> None:
        self._socket = raw
        self._plain: socket.socket = getattr(raw, "_sock", raw)
        self._limit = limit_bytes
        self._waiting: deque[memoryview] = deque()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._dead = False
        self._progress_at = 0.0
        self._backlog_at = 0.0
        self._drained_bytes = 0
        self._partial = False
        self.backlog_bytes = 0
        self.patience_s = 0.0  # how long a link as slow as this one may take nothing and be alive
        self.received_at = time.monotonic()
        self._readable: Any = None  # what a reader waits on; made when one waits
        if self._plain.family in (socket.AF_INET, socket.AF_INET6) and hasattr(
            socket, "TCP_NOTSENT_LOWAT"
        ):
            self._plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)

    @property
    def aborted(self) -> bool:
        """Whether the connection was ended, whatever waits."""
        return self._dead

    @property
    def stalled_s(self) -> float:
        """Seconds since the peer last took anything, 0.0 while nothing waits."""
        return time.monotonic() - self._progress_at if self.backlog_bytes else 0.0

    def send(self, data: bytes) -> int:
        """Take `data` whole, for now or later.

        Raises: OSError: the connection is gone, or its outbox is full (then it is aborted).
        """
        with self._lock:
            if self._dead:
                raise OSError("the connection is closed")
            if self.backlog_bytes:
                self._wait(memoryview(data))
            else:
                self._begin(data)
        return len(data)

    sendall = send

    def offer(self, data: bytes) -> bool:
        """Take `data` whole unless something waits already; False when it does.

        Raises: OSError: the connection is gone, or `data` does not fit (then it is aborted).
        """
        with self._lock:
            if self._dead:
                raise OSError("the connection is closed")
            if self.backlog_bytes:
                return False
            self._begin(data)
        return True

    def drop_waiting(self) -> None:
        """Forget what waits, but for the rest of a piece that is on its way already."""
        with self._lock:
            while len(self._waiting) > self._partial:
                self.backlog_bytes -= len(self._waiting.pop())

    def recv(self, size: int) -> bytes:
        """Wait for bytes of the peer; an empty result ends the connection.

        Raises: Interrupted, OSError.
        """
        while (data := self.recv_waiting(size)) is None:
            if self._readable is None:
                self._readable = gevent.get_hub().loop.io(self._plain.fileno(), _READ)
            gevent.get_hub().wait(self._readable)
        return data

    def recv_waiting(self, size: int) -> bytes | None:
        """Read what has arrived already; None when nothing has. Raises: OSError."""
        if self._dead:
            return b""
        try:
            data = self._plain.recv(size, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return None
        self.received_at = time.monotonic()
        return data

    def interrupt(self) -> None:
        """End the wait of whoever reads; nothing happens when nobody waits."""
        if self._readable is not None:
            gevent.get_hub().cancel_wait(self._readable, Interrupted())

    def flush(self, timeout_s: float) -> bool:
        """Wait until nothing waits; False when the peer did not take it in time."""
        with self._lock:  # a writer is started under it; before that it cannot be waited for
            writer = self._writer
        if writer is not None and writer is not threading.current_thread():
            writer.join(timeout_s)
        return not self.backlog_bytes

    def abort(self) -> None:
        """End the connection now, whatever waits."""
        self._dead = True
        try:
            self._plain.shutdown(socket.SHUT_RDWR)
        except OSError:
            self.backlog_bytes = 0  # it was closed already

    def close(self) -> None:
        """Read no more. The server that accepted the socket closes it, after the last flush."""
        if self._readable is not None:
            self._readable.close()
            self._readable = None

    def fileno(self) -> int:
        """The descriptor of the socket."""
        return self._plain.fileno()

    def _begin(self, data: bytes) -> None:
        """Hand over what the kernel takes at once; the rest begins a backlog."""
        try:
            sent = self._plain.send(data, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(data):
            self._progress_at = self._backlog_at = time.monotonic()
            self._drained_bytes = 0
            self._partial = sent > 0
            self._wait(memoryview(data)[sent:])

    def _send_now(self, view: memoryview) -> int:
        try:
            return self._plain.send(view, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return 0

    def _wait(self, view: memoryview) -> None:
        if self.backlog_bytes + len(view) > self._limit:
            self.abort()
            raise OSError("the outbox is full")
        self._waiting.append(view)
        self.backlog_bytes += len(view)
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="outbox", daemon=True)
            self._writer.start()

    def _write(self) -> None:
        """Hand over what waits, then end; the owner is the connection, the bound is `_STUCK_S`."""
        try:
            while self._write_some():
                select.select([], [self._plain.fileno()], [], 1.0)
        except (OSError, ValueError):
            self.abort()
            self.backlog_bytes = 0
            self._waiting.clear()
            self._writer = None

    def _write_some(self) -> bool:
        with self._lock:
            while self._waiting:
                view = self._waiting[0]
                sent = self._send_now(view)
                if sent:
                    self._progress_at = time.monotonic()
                    self.backlog_bytes -= sent
                    self._drained_bytes += sent
                if sent < len(view):
                    self._waiting[0] = view[sent:]
                    self._partial = self._partial or sent > 0
                    break
                self._waiting.popleft()
                self._partial = False
            if not self._waiting:
                self._measure()
                self._writer = None
                return False
        if self._dead or self.stalled_s > _STUCK_S:
            raise OSError("the peer takes nothing")
        return True

    def _measure(self) -> None:
        """Learn from a backlog that has drained how long the link may take nothing."""
        took_s = time.monotonic() - self._backlog_at
        if took_s < _SLOW_DRAIN_S:
            self.patience_s = 0.0
        elif self._drained_bytes:
            stride_s = _STRIDE_BYTES * took_s / self._drained_bytes
            self.patience_s = min(_PATIENCE_MAX_S, stride_s)


class OutboxMiddleware:
    """Puts an `OutboxSocket` in the place of every upgraded connection's socket (WSGI)."""

    def __init__(self, app: Callable[..., Any], limit_bytes: int) -> None:
        self._app = app
        self._limit = limit_bytes

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Serve a request; an upgrade gets its outbox first."""
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket" and "gunicorn.socket" in environ:
            # No permessage-deflate: docs/decisions/0010-deflate.md.
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            environ["gunicorn.socket"] = OutboxSocket(environ["gunicorn.socket"], self._limit)
        return self._app(environ, start_response)
