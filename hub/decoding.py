"""JSON from outside: strict, bounded, and refused with the name of the field that is wrong."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from hub import limits
from hub.errors import InvalidInput, MalformedInput, TooLarge

T = TypeVar("T")

_EXACT: Final = 2**53  # integers beyond are not exact in a float
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?')
_PATH: Final = re.compile(r" - at `(?P<path>[^`]+)`$")
_UNKNOWN_FIELD: Final = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_MISSING_FIELD: Final = re.compile(r"Object missing required field `(?P<field>[^`]*)`")


def decode(data: bytes | str, shape: type[T] | Any, *, max_bytes: int = limits.BODY_BYTES) -> T:
    """Read JSON into `shape`, or say which field is wrong and what was expected.

    A number without a fraction is an integer however it is written (5.0, 5e0), as JSON Schema has it.

    Raises: TooLarge over `max_bytes`; MalformedInput for what is not JSON (NaN, 1e999, lone surrogates,
            a key given twice and nesting over the limit included); InvalidInput for a wrong field.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > max_bytes:
        raise TooLarge(f"{len(raw)} bytes; at most {max_bytes} are taken")
    value = check_json(raw)
    decoder = _decoder_of(shape)  # type: ignore[arg-type]
    try:
        try:
            found: T = decoder.decode(raw)
        except msgspec.ValidationError as error:
            if "got `float`" not in str(error):
                raise
            found = decoder.decode(msgspec.json.encode(_with_integers(value)))
    except msgspec.ValidationError as error:
        raise invalid_field(str(error)) from None
    return found


@cache
def _decoder_of(shape: Any) -> msgspec.json.Decoder[Any]:
    """Find the decoder of a shape; msgspec would build one anew for each message of a union."""
    return msgspec.json.Decoder(shape)


def check_json(raw: bytes) -> Any:
    """Refuse what Structs with Raw fields would let through: bad syntax deep inside, depth, keys given twice.

    Raises: MalformedInput.
    """
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedInput(f"not valid JSON: {error}") from None
    keys = _count_keys(value, limits.JSON_DEPTH)
    # Most texts have a colon a key and no other; only the rest is searched for its keys.
    if raw.count(b":") != keys and _count_written_keys(raw) != keys:
        raise MalformedInput("an object has the same key twice")
    return value


def invalid_field(text: str) -> InvalidInput:
    """Turn msgspec's sentence into an error that names the field as the caller wrote it."""
    path = _PATH.search(text)
    sentence = _PATH.sub("", text)
    field = path.group("path").removeprefix("$").lstrip(".") if path else ""
    for pattern in (_UNKNOWN_FIELD, _MISSING_FIELD):
        named = pattern.search(sentence)
        if named:
            field = f"{field}.{named.group('field')}".lstrip(".")
    code = "unknown_type" if field == "type" and "Invalid value" in sentence else "invalid"
    return InvalidInput(sentence, field=field or None, code=code)


def _count_keys(value: Any, depth: int) -> int:
    if not isinstance(value, (dict, list)):
        return 0
    if depth == 0:
        raise MalformedInput(f"nested deeper than {limits.JSON_DEPTH} levels")
    keys = len(value) if isinstance(value, dict) else 0
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)):
            keys += _count_keys(item, depth - 1)
    return keys


def _count_written_keys(raw: bytes) -> int:
    """Count the keys of a text that is known to be JSON: the strings that a colon follows."""
    return sum(match.group(1) is not None for match in _STRING.finditer(raw))


def _with_integers(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT else value
    if isinstance(value, dict):
        return {key: _with_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    return value
