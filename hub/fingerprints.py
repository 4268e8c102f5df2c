"""What errors of one kind have in common: their type and their message without what changes each time."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

import msgspec

_SHAPE_CHARS: Final = 200
_CHANGING: Final = (
    (re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b(?=\w*\d)[0-9a-fA-F]{8,}\b"), "<hex>"),
    (re.compile(r"\d+(\.\d+)?"), "<n>"),
    (re.compile(r"'[^']*'|\"[^\"]*\""), "<text>"),
    (re.compile(r"\s+"), " "),
)


class ErrorShape(msgspec.Struct, frozen=True):
    """A kind of error: equal for errors that differ only in numbers, ids, times and quoted text."""

    fingerprint: str
    message: str


def error_shape(error_type: str, message: str) -> ErrorShape:
    """Find the kind of an error; long messages are told apart by their first 2,000 characters."""
    shape = message[:2_000]
    for pattern, word in _CHANGING:
        shape = pattern.sub(word, shape)
    shape = shape.strip()
    digest = sha256(f"{error_type}\n{shape}".encode("utf-8", "surrogatepass")).hexdigest()
    return ErrorShape(digest[:12], shape[:_SHAPE_CHARS])
