"""Frames as both ends read and write them, however the bytes are cut."""

from __future__ import annotations

import os

import pytest
from websockets.frames import Frame, Opcode

from hub.frames import (
    BINARY,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    read_close,
    write_close,
    write_frame,
)

KEY = b"\x01\x80\xff\x7e"
SIZES = (0, 1, 125, 126, 65_535, 65_536, 200_001)


def _reader(**limits: int) -> FrameReader:
    return FrameReader(masked=True, **limits)


def _raw(first: int, payload: bytes = b"", *, masked: bool = True) -> bytes:
    """A frame of any first byte."""
    framed = write_frame(TEXT, payload, KEY if masked else b"")
    return bytes((first,)) + framed[1:]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", [KEY, b""], ids=["masked", "plain"])
def test_payload_comes_out_as_it_went_in_whatever_its_size(size: int, key: bytes) -> None:
    payload = os.urandom(size)
    reader = FrameReader(masked=bool(key))
    assert reader.feed(write_frame(BINARY, payload, key)) == [(BINARY, payload)]


@pytest.mark.parametrize("size", SIZES)
def test_another_implementation_reads_the_same_when_a_frame_is_written(size: int) -> None:
    payload = b"x" * size
    frame = Frame(Opcode.TEXT, payload)
    assert write_frame(TEXT, payload) == frame.serialize(mask=False)
    masked = frame.serialize(mask=True)
    assert _reader().feed(masked) == [(TEXT, payload)]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1_000])
def test_messages_are_whole_when_bytes_come_in_pieces(step: int) -> None:
    texts = [b"", b"a", "grün".encode() * 40, b"x" * 70_000, b"z"]
    sent = b"".join(write_frame(TEXT, text, KEY) for text in texts) + write_frame(PING, b"p", KEY)
    reader = _reader()
    found = [item for at in range(0, len(sent), step) for item in reader.feed(sent[at : at + step])]
    assert found == [*((TEXT, text) for text in texts), (PING, b"p")]


def test_pieces_are_joined_when_a_message_is_fragmented_around_a_ping() -> None:
    euro = "€".encode()
    sent = _raw(0x01, euro[:1]) + _raw(0x89) + _raw(0x00, euro[1:2]) + _raw(0x80, euro[2:])
    reader = _reader()
    assert reader.feed(sent) == [(PING, b""), (TEXT, euro)]
    assert reader.feed(_raw(0x8A)) == [(PONG, b"")]
    assert reader.failure is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (_raw(0xC1), 1002),  # a reserved bit: no extension was agreed on
        (_raw(0x83), 1002),  # no such kind
        (_raw(0x80), 1002),  # a piece of nothing
        (_raw(0x01) + _raw(0x81), 1002),  # a message amid another one
        (_raw(0x09), 1002),  # a control frame in pieces
        (_raw(0x89, b"x" * 126), 1002),
        (_raw(0x81, masked=False), 1002),
        (_raw(0x81, b"\xff"), 1007),
        (_raw(0x01, b"\xe2") + _raw(0x80, b"x"), 1007),
        (_raw(0x81, b"x" * 11), 4504),
        (_raw(0x01, b"x" * 6) + _raw(0x80, b"x" * 5), 4504),
        (_raw(0x81, b"x" * 70_000)[:10], 4504),  # refused before it has come
    ],
)
def test_peer_is_refused_with_a_code_when_it_breaks_a_rule(sent: bytes, code: int) -> None:
    reader = _reader(limit_bytes=10, limit_code=4504)
    assert reader.feed(write_frame(TEXT, b"before", KEY) + sent)[0] == (TEXT, b"before")
    assert reader.failure is not None
    assert reader.failure.code == code
    assert reader.feed(write_frame(TEXT, b"after", KEY)) == []


def test_code_and_reason_come_out_as_they_went_in_when_a_peer_closes() -> None:
    assert read_close(write_close(4008, "slow")) == (4008, "slow")
    assert read_close(b"") == (1005, "")
    code, reason = read_close(write_close(1012, "ü" * 100))
    assert (code, reason) == (1012, "ü" * 60)


@pytest.mark.parametrize(
    "payload", [b"\x03", b"\x03\xed", b"\x00\x00", b"\x13\x88", b"\x03\xe8\xff"]
)
def test_close_is_refused_when_it_says_nonsense(payload: bytes) -> None:
    with pytest.raises(FrameError):
        read_close(payload)
