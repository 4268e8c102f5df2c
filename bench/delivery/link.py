"""One monitor that counts what it is sent, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import Self

from bench.delivery.receivers import hello, upgrade


class CountingMonitor:
    """A connected monitor. Args: connect: further fields of `monitor_connect`."""

    def __init__(self, port: int, monitor_id: str, **connect: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(upgrade(port))
        while b"\r\n\r\n" not in self._socket.recv(1_024):
            pass  # the hub says nothing more before it is asked
        self._socket.sendall(hello(monitor_id, **connect))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.bytes_in = 0
        self.pieces: list[bytes] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5.0)
        self._socket.close()

    def _read(self) -> None:
        while data := self._socket.recv(262_144):
            self.bytes_in += len(data)
            self.pieces.append(data)
