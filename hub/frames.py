"""WebSocket frames (RFC 6455) as both ends of a connection read and write them; no I/O.

The handshake is the libraries' business. Extensions are not spoken (docs/decisions/0010-deflate.md), so a
frame's reserved bits are always zero.
"""

from __future__ import annotations

import struct
from typing import Final

CONTINUED: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10

_CONTROL_BYTES: Final = 125
_KINDS: Final = frozenset({CONTINUED, TEXT, BINARY, CLOSE, PING, PONG})
_SENT_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1012), 1012, 1013, 1014})

PROTOCOL_ERROR: Final = 1002
BAD_TEXT: Final = 1007
NO_CODE: Final = 1005  # a close that says nothing


class FrameError(Exception):
    """What arrived breaks the protocol or a limit. `code`: the close code that says so."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class FrameReader:
    """Turns bytes, however they are cut, into whole messages.

    Args: masked: whether the peer must mask its frames: a client must, a server must not.
          limit_bytes: of a message, known before it has arrived; 0: none. limit_code: what closes for more.
    """

    def __init__(self, *, masked: bool, limit_bytes: int = 0, limit_code: int = 1009) -> None:
        self._mask_bit = 0x80 if masked else 0
        self._limit_bytes = limit_bytes
        self._limit_code = limit_code
        self._buffer = bytearray()  # what does not make a whole frame yet; bounded by the limit
        self._needed = 2  # bytes before it is worth looking again
        self._kind = CONTINUED  # of the message whose pieces are coming
        self._pieces: list[bytes] = []
        self._size = 0
        self.failure: FrameError | None = None  # nothing is read after it

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take what has arrived; returns kind and payload of each message and control frame that is whole."""
        found: list[tuple[int, bytes]] = []
        buffer = self._buffer
        buffer += data
        at = 0
        try:
            while self.failure is None and len(buffer) - at >= self._needed:
                at = self._take_frame(buffer, at, found)
        except FrameError as failure:
            self.failure = failure
        del buffer[:at]
        return found

    def _take_frame(self, buffer: bytearray, at: int, found: list[tuple[int, bytes]]) -> int:
        """Read the frame at `at`; returns where the next one begins, `at` itself when it is not whole."""
        first, second = buffer[at], buffer[at + 1]
        kind, size, start = first & 0x0F, second & 0x7F, at + 2
        if size > _CONTROL_BYTES:
            start += 2 if size == 126 else 8
            if len(buffer) < start:
                self._needed = start - at
                return at
            size = int.from_bytes(buffer[at + 2 : start], "big")
        self._check(first, second, size)
        mask_at, start = start, start + (4 if self._mask_bit else 0)
        end = start + size
        if len(buffer) < end:
            self._needed = end - at
            return at
        self._needed = 2
        payload = bytes(buffer[start:end])
        if self._mask_bit:
            payload = mask(payload, bytes(buffer[mask_at:start]))
        if kind >= CLOSE:
            found.append((kind, payload))
        else:
            self._take_piece(kind, payload, first & 0x80 != 0, found)
        return end

    def _check(self, first: int, second: int, size: int) -> None:
        """Refuse a frame by its head, before its payload has come."""
        kind, final = first & 0x0F, first & 0x80
        if first & 0x70 or kind not in _KINDS or second & 0x80 != self._mask_bit:
            raise FrameError(PROTOCOL_ERROR, "not a frame")
        if kind >= CLOSE:
            if not final or size > _CONTROL_BYTES:
                raise FrameError(PROTOCOL_ERROR, "a control frame in pieces")
        elif (kind == CONTINUED) != (self._kind != CONTINUED):
            raise FrameError(PROTOCOL_ERROR, "a piece out of order")
        elif self._limit_bytes and self._size + size > self._limit_bytes:
            raise FrameError(self._limit_code, f"a message is over {self._limit_bytes} bytes")

    def _take_piece(
        self, kind: int, payload: bytes, final: bool, found: list[tuple[int, bytes]]
    ) -> None:
        if final and kind != CONTINUED:  # as nearly all are
            found.append((kind, _checked(kind, payload)))
            return
        self._kind = self._kind or kind
        self._pieces.append(payload)
        self._size += len(payload)
        if final:
            kind, whole = self._kind, b"".join(self._pieces)
            self._kind, self._size = CONTINUED, 0
            self._pieces.clear()
            found.append((kind, _checked(kind, whole)))


def _checked(kind: int, payload: bytes) -> bytes:
    """Refuse a text that is not UTF-8."""
    if kind == TEXT and not payload.isascii():
        try:
            payload.decode()
        except UnicodeDecodeError:
            raise FrameError(BAD_TEXT, "not UTF-8") from None
    return payload


def mask(payload: bytes, key: bytes) -> bytes:
    """Mask or unmask; the same operation does both."""
    size = len(payload)
    pattern = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")).to_bytes(
        size, "little"
    )


def write_frame(kind: int, payload: bytes, key: bytes = b"") -> bytes:
    """Write a frame that is a whole message. Args: key: a client's four random bytes, to mask with."""
    size, bit = len(payload), 0x80 if key else 0
    if size <= _CONTROL_BYTES:
        head = bytes((0x80 | kind, bit | size))
    elif size < 65_536:
        head = struct.pack("!BBH", 0x80 | kind, bit | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, bit | 127, size)
    return head + key + mask(payload, key) if key else head + payload


def write_close(code: int, reason: str) -> bytes:
    """Write what a close frame carries; a reason too long is cut."""
    return code.to_bytes(2, "big") + reason.encode()[:120].decode(errors="ignore").encode()


def read_close(payload: bytes) -> tuple[int, str]:
    """Read what a close frame carries.

    Raises: FrameError: a code that must not be sent, or a reason that is not UTF-8.
    """
    if not payload:
        return NO_CODE, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in _SENT_CODES or 3000 <= code < 5000):
        raise FrameError(PROTOCOL_ERROR, "not a close code")
    return code, _checked(TEXT, payload[2:]).decode()
