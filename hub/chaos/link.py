"""A lossy link: a TCP proxy on loopback that is cut, slowed down and held up, on purpose."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from typing import Final

_BUFFER_BYTES: Final = 16_384  # small, so that a slow link is felt at its sender
_SLICE_S: Final = 0.05
_CHUNK: Final = 65_536


class Link:
    """Forwards connections to `target`; who connects to `port` gets what the link lets through.

    bytes_per_s: None is as fast as it goes; 0 lets nothing through to the client.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.bytes_per_s: int | None = None
        self.forwarded_bytes = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closing = threading.Event()
        threading.Thread(target=self._accept, name="link", daemon=True).start()

    def cut(self) -> int:
        """Break every connection at once; returns how many there were."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def close(self) -> None:
        """Cut and accept nobody any more."""
        self._closing.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                server = socket.socket()
                server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
                server.settimeout(5.0)
                server.connect(self.target)
            except OSError:
                return
            with server:
                pair = (client, server)
                self._pairs.append(pair)
                with contextlib.suppress(OSError, ValueError):
                    self._forward(client, server)
                with contextlib.suppress(ValueError):
                    self._pairs.remove(pair)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        client.settimeout(30.0)
        while not self._closing.is_set():
            wanted = [client] if self.bytes_per_s == 0 else [client, server]
            readable, _, _ = select.select(wanted, [], [], _SLICE_S)
            if client in readable:
                data = client.recv(_CHUNK)
                if not data:
                    return
                server.sendall(data)
            if server in readable:
                rate = self.bytes_per_s
                data = server.recv(_CHUNK if rate is None else max(1, int(rate * _SLICE_S)))
                if not data:
                    return
                client.sendall(data)
                self.forwarded_bytes += len(data)
                if rate:
                    time.sleep(len(data) / rate)
