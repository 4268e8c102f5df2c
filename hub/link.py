"""One WebSocket to the hub: one thread reads, whoever has something to say writes.

The handshake is `websockets`' own; its connection objects pass every message through a second thread, and a
worker starts each job one thread hand-off later for it.
"""

from __future__ import annotations

import logging
import os
import re
import select
import socket
import ssl
import threading
from typing import Final

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.protocol import State
from websockets.uri import parse_uri

from hub.endpoint import Endpoint
from hub.frames import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    read_close,
    write_close,
    write_frame,
)

CONNECT_S: Final = 10.0
_SEND_S: Final = 20.0  # a hub that takes nothing for so long is gone
_READ_BYTES: Final = 65_536
_HINT: Final = re.compile(r"come back in (\d{1,2}\.\d) s")
_HEAD_END: Final = b"\r\n\r\n"

log = logging.getLogger(__name__)


class LinkClosed(Exception):
    """The connection is over. `code` is the hub's close code, 1006 when it just went away."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"closed with {code}{': ' if reason else ''}{reason}")
        self.code = code
        self.reason = reason

    @property
    def hint_s(self) -> float:
        """In how many seconds the hub asks to come back; 0.0 when it does not say."""
        said = _HINT.search(self.reason)
        return float(said.group(1)) if said else 0.0

    @property
    def final(self) -> bool:
        """Whether the hub forbids to come back (4500-4999)."""
        return 4500 <= self.code < 5000


class Link:
    """An open connection. `receive` belongs to one thread; `send` may be called by any."""

    def __init__(self, sock: socket.socket, arrived: bytes = b"") -> None:
        self._socket = sock
        self._frames = FrameReader(masked=False)  # no size limit: the hub is trusted
        self._writer = threading.Lock()  # the order of bytes on the wire
        # OpenSSL's objects are not made for two threads at once; a plain socket is.
        self._tls = threading.Lock() if isinstance(sock, ssl.SSLSocket) else None
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._open = True  # neither end has said that it closes
        self._said: tuple[int, str] | None = None  # with what the hub closes
        self._early = arrived  # behind the upgrade's answer

    @classmethod
    def open(cls, endpoint: Endpoint, path: str) -> Link:
        """Connect and upgrade.

        Raises: OSError: the hub cannot be reached; LinkClosed: it answered, and refused.
        """
        uri = parse_uri(endpoint.socket_url(path))
        sock = socket.create_connection((uri.host, uri.port), CONNECT_S)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if uri.secure:
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=uri.host)
            # No compression: it costs more CPU than a job.
            protocol = ClientProtocol(uri, logger=log)
            request = protocol.connect()
            request.headers.update(endpoint.headers())
            protocol.send_request(request)
            sock.sendall(b"".join(protocol.data_to_send()))
            arrived = _read_upgrade(sock, protocol)
        except BaseException:
            sock.close()
            raise
        sock.settimeout(_SEND_S)
        return cls(sock, arrived)

    def receive(self, timeout_s: float) -> list[bytes]:
        """Wait for messages; none came within `timeout_s` when the list is empty.

        Raises: LinkClosed.
        """
        if self._early:
            data, self._early = self._early, b""
        elif self._wait(timeout_s):
            found = self._read()
            if found is None:
                return []
            data = found
        else:
            return []
        messages = self._take(self._frames.feed(data))
        if not data or self._frames.failure or (not messages and not self._open):
            raise self._closed()
        return messages

    def send(self, message: bytes) -> None:
        """Send one JSON text; returns when the kernel has it.

        Raises: LinkClosed.
        """
        framed = write_frame(TEXT, message, os.urandom(4))
        with self._writer:
            if not self._open:
                raise self._closed()
            self._write(framed)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say that this end leaves; the reader sees the hub's answer, or the end."""
        try:
            self._say_close(write_close(code, reason))
        except LinkClosed:
            return  # it is over already

    def abort(self) -> None:
        """End now; the reader wakes up."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was over already

    def release(self) -> None:
        """Give the descriptor back; the reader's last act."""
        self._socket.close()

    def _wait(self, timeout_s: float) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return bool(self._poll.poll(timeout_s * 1000))

    def _read(self) -> bytes | None:
        """Take what has arrived: nothing yet (None), or the end (empty)."""
        try:
            if self._tls is None:
                return self._socket.recv(_READ_BYTES)
            with self._tls:
                self._socket.settimeout(0)
                try:
                    return self._socket.recv(_READ_BYTES)
                finally:
                    self._socket.settimeout(_SEND_S)
        except (ssl.SSLWantReadError, BlockingIOError):
            return None
        except OSError:
            return b""

    def _take(self, received: list[tuple[int, bytes]]) -> list[bytes]:
        """Do what control frames ask for; returns the messages before a close."""
        messages = []
        for kind, payload in received:
            if kind < CLOSE:
                messages.append(payload)
            elif kind == PING:
                with self._writer:
                    self._write(write_frame(PONG, payload, os.urandom(4)))
            elif kind == CLOSE:
                self._hear_close(payload)
                break
        if self._frames.failure is not None:
            self.close(self._frames.failure.code, self._frames.failure.reason)
        return messages

    def _hear_close(self, payload: bytes) -> None:
        try:
            self._said = read_close(payload)
        except FrameError as failure:
            self.close(failure.code, failure.reason)
        else:
            self._say_close(payload[:2])

    def _say_close(self, payload: bytes) -> None:
        with self._writer:
            if self._open:
                self._open = False
                self._write(write_frame(CLOSE, payload, os.urandom(4)))

    def _write(self, data: bytes) -> None:
        try:
            if self._tls is None:
                self._socket.sendall(data)
            else:
                with self._tls:
                    self._socket.sendall(data)
        except OSError:
            self.abort()
            raise LinkClosed(1006, "the hub takes nothing") from None

    def _closed(self) -> LinkClosed:
        return LinkClosed(1006) if self._said is None else LinkClosed(*self._said)


def _read_upgrade(sock: socket.socket, protocol: ClientProtocol) -> bytes:
    """Read the answer to the upgrade; returns what came behind it. The socket's own timeout bounds each step.

    Raises: OSError, LinkClosed: it was refused.
    """
    arrived = b""
    while _HEAD_END not in arrived and (data := sock.recv(_READ_BYTES)):
        arrived += data
    head, end, rest = arrived.partition(_HEAD_END)
    protocol.receive_data(head + end)
    if protocol.state is State.OPEN:
        return rest
    protocol.receive_data(rest)
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        if data := sock.recv(_READ_BYTES):
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
    refusal = protocol.handshake_exc
    if isinstance(refusal, InvalidStatus) and refusal.response.status_code in (401, 403):
        raise LinkClosed(4503, f"the hub answered {refusal.response.status_code}")
    raise ConnectionError(f"no WebSocket: {refusal}")
