"""A monitor on a bare socket: it reads when the test says so, or never."""

from __future__ import annotations

import json
import os
import socket
from typing import Any
from urllib.parse import urlsplit


class RawMonitor:
    """Connects, subscribes to everything, and leaves what comes in the kernel until asked."""

    def __init__(self, hub_url: str, *, rcvbuf: int = 4_096) -> None:
        place = urlsplit(hub_url)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.socket.settimeout(20)
        self.socket.connect((place.hostname, place.port))
        self.socket.sendall(
            b"GET /ws/monitor HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" % place.netloc.encode()
        )
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(1)
        self.head, self.buffer = self.buffer, b""
        self.send({"type": "monitor_connect", "monitor_id": "raw"})
        self.send({"type": "subscribe", "topics": ["jobs", "workers", "system_stats"]})

    def send(self, message: dict[str, Any]) -> None:
        payload, mask = json.dumps(message).encode(), os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self.socket.sendall(head + mask + masked)

    def has_snapshot(self) -> bool:
        """Whether its first state lies in the kernel, unread."""
        return b"full_state_snapshot" in self.socket.recv(65_536, socket.MSG_PEEK)

    def read_to_close(self) -> tuple[int, int]:
        """Read everything; returns the close code and how many frames came before it."""
        frames = 0
        while True:
            first, size = self._read(2)
            length = size & 0x7F
            if length > 125:
                length = int.from_bytes(self._read(2 if length == 126 else 8), "big")
            payload = self._read(length)
            if first & 0x0F == 8:
                return int.from_bytes(payload[:2], "big"), frames
            frames += 1

    def close(self) -> None:
        self.socket.close()

    def _read(self, size: int) -> bytes:
        while len(self.buffer) < size:
            data = self.socket.recv(65_536)
            if not data:
                raise AssertionError("the connection ended without a close frame")
            self.buffer += data
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found
