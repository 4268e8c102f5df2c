"""One WebSocket to the hub: one thread reads, whoever has something to say writes.

The protocol is `websockets`' own, without its connection objects: they pass every message through a
second thread, and a worker starts each job one thread hand-off later for it.
"""

from __future__ import annotations

import logging
import re
import select
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Final

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from hub.endpoint import Endpoint

CONNECT_S: Final = 10.0
_SEND_S: Final = 20.0  # a hub that takes nothing for so long is gone
_READ_BYTES: Final = 65_536
_HINT: Final = re.compile(r"come back in (\d{1,2}\.\d) s")
_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

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

    def __init__(self, sock: socket.socket, protocol: ClientProtocol) -> None:
        self._socket = sock
        self._protocol = protocol
        self._state = threading.Lock()  # the protocol object
        self._writer = threading.Lock()  # the order of bytes on the wire
        # OpenSSL's objects are not made for two threads at once; a plain socket is.
        self._tls = threading.Lock() if isinstance(sock, ssl.SSLSocket) else None
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._parts: list[bytes] = []

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
            # No compression: it costs more CPU than a job. No size limit: the hub is trusted.
            protocol = ClientProtocol(uri, max_size=None, logger=log)
            request = protocol.connect()
            request.headers.update(endpoint.headers())
            protocol.send_request(request)
            sock.sendall(b"".join(protocol.data_to_send()))
            _read_upgrade(sock, protocol)
        except BaseException:
            sock.close()
            raise
        sock.settimeout(_SEND_S)
        return cls(sock, protocol)

    def receive(self, timeout_s: float) -> list[bytes]:
        """Wait for messages; none came within `timeout_s` when the list is empty.

        Raises: LinkClosed.
        """
        messages = self._assemble(self._take_events())
        if messages or not self._wait(timeout_s):
            return messages
        data = self._read()
        if data is None:
            return []
        with self._state:
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
        self._write_pending()
        messages = self._assemble(self._take_events())
        if not data or (not messages and self._protocol.state is not State.OPEN):
            raise self._closed()
        return messages

    def send(self, message: bytes) -> None:
        """Send one JSON text; returns when the kernel has it.

        Raises: LinkClosed.
        """
        with self._writer:
            with self._state:
                if self._protocol.state is not State.OPEN:
                    raise self._closed()
                self._protocol.send_text(message)
                pieces = self._protocol.data_to_send()
            self._write(pieces)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say that this end leaves; the reader sees the hub's answer, or the end."""
        with self._state:
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(code, reason)
        try:
            self._write_pending()
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

    def _write_pending(self) -> None:
        """Send what the protocol wants said by itself: pongs, and the answer to a close."""
        with self._writer:
            with self._state:
                pieces = self._protocol.data_to_send()
            if any(pieces):
                self._write(pieces)

    def _write(self, pieces: Iterable[bytes]) -> None:
        data = b"".join(pieces)
        try:
            if self._tls is None:
                self._socket.sendall(data)
            else:
                with self._tls:
                    self._socket.sendall(data)
        except OSError:
            self.abort()
            raise LinkClosed(1006, "the hub takes nothing") from None

    def _take_events(self) -> list[Frame]:
        with self._state:
            events = self._protocol.events_received()
        return [event for event in events if isinstance(event, Frame)]

    def _assemble(self, frames: list[Frame]) -> list[bytes]:
        messages = []
        for frame in frames:
            if frame.opcode not in _DATA:
                continue
            self._parts.append(bytes(frame.data))
            if frame.fin:
                messages.append(b"".join(self._parts))
                self._parts.clear()
        return messages

    def _closed(self) -> LinkClosed:
        said = self._protocol.close_rcvd
        return LinkClosed(1006) if said is None else LinkClosed(said.code, said.reason)


def _read_upgrade(sock: socket.socket, protocol: ClientProtocol) -> None:
    """Read the answer to the upgrade; the socket's own timeout bounds each step."""
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        data = sock.recv(_READ_BYTES)
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
    refusal = protocol.handshake_exc
    if isinstance(refusal, InvalidStatus) and refusal.response.status_code in (401, 403):
        raise LinkClosed(4503, f"the hub answered {refusal.response.status_code}")
    if refusal is not None:
        raise ConnectionError(f"no WebSocket: {refusal}")
