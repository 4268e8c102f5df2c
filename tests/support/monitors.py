"""Monitors in memory: the far end of an outbox that takes what the test lets it take."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from hub.chaos.monitor_model import MonitorModel

_ids = itertools.count(1)


class RecordingPeer:
    """A connection whose link the test opens and shuts."""

    def __init__(self) -> None:
        self.id = f"peer-{next(_ids)}"
        self.open = True
        self.form = "plain"
        self.stalled_s = 0.0
        self.patience_s = 0.0
        self.closed = False
        self.close_code: int | None = None
        self.frames: deque[bytes] = deque()
        self.waiting: deque[bytes] = deque()
        self.bytes_sent = 0

    @property
    def backlog_bytes(self) -> int:
        return sum(map(len, self.waiting))

    def send_frame(self, framed: bytes) -> None:
        if self.closed:
            return
        self.waiting.append(framed)
        if self.open:
            self.drain()

    def offer_frame(self, framed: bytes) -> bool:
        if self.waiting:
            return False
        self.send_frame(framed)
        return True

    def send(self, message: bytes) -> None:
        from hub.ws.connection import frame

        self.send_frame(frame(message))

    def drain(self) -> None:
        while self.waiting:
            framed = self.waiting.popleft()
            self.bytes_sent += len(framed)
            self.frames.append(framed)

    def close(self, code: int, reason: str) -> None:
        self.closed, self.close_code = True, code

    close_slow = close

    def messages(self) -> list[Any]:
        """Take what arrived since the last call."""
        found = []
        while self.frames:  # the fan-out may send in this moment
            found += [json.loads(payload) for payload in _payloads(self.frames.popleft())]
        return found

    def feed(self, model: MonitorModel) -> None:
        """Let a model fold what arrived since the last call."""
        for message in self.messages():
            model.fold(message)


def _payloads(framed: bytes) -> Iterator[bytes]:
    """Cut what was sent at once into its messages."""
    while framed:
        size = framed[1] & 0x7F
        begin = {126: 4, 127: 10}.get(size, 2)
        if begin > 2:
            size = int.from_bytes(framed[2:begin], "big")
        yield framed[begin : begin + size]
        framed = framed[begin + size :]
