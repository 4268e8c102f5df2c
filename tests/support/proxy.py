"""A TCP way to a server that a test can cut, mend, and lead to another server."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes between whoever connects to `url` and a server; without one it refuses everybody.

    With `refuse_sockets` it answers upgrades itself, as some companies' proxies do.
    """

    def __init__(self, server_url: str | None, *, refuse_sockets: bool = False) -> None:
        self._refuse_sockets = refuse_sockets
        self.lead_to(server_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.accepted = 0
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        self._listener.close()

    def lead_to(self, server_url: str | None) -> None:
        """Send new connections to another server."""
        parts = urlsplit(server_url or "")
        self._target = (parts.hostname or "", parts.port or 80)
        self._whole = server_url is not None

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        with self._lock:
            self._whole = False
        self.drop()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def drop(self) -> None:
        """End every connection; new ones are let through."""
        with self._lock:
            connections, self._open = self._open, []
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        with self._lock:
            try:
                far = socket.create_connection(self._target) if self._whole else None
            except OSError:
                far = None
            if far is None:
                near.close()
                return
            self._open += [near, far]
            self.accepted += 1
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self._refuse_sockets and b"\r\nUpgrade: websocket\r\n" in data:
                    source.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    break
                sink.sendall(data)
        for connection in (source, sink):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
