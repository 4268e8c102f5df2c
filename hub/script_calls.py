"""Scripts as they go over the wire (RESP 2): what is the same in every call of a namespace is packed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.keys import Keys
from hub.scripts import Script

Value = str | int | float | bytes

_ITEM: Final = b"$%d\r\n%b\r\n"


class ScriptCall:
    """How a script is called in one namespace."""

    def __init__(self, script: Script, keys: Keys) -> None:
        self._name = script.name
        self._args = script.args
        self._names = frozenset(script.args)
        names = [keys.key(key) for key in script.keys]
        self._size = 3 + len(names) + len(script.args)
        self._keys = _pack([len(names), *names])
        self._by_digest = self._head("EVALSHA", script.sha)
        self._by_text = self._head("EVAL", script.text)

    def pack(self, args: Mapping[str, Value], *, text: bool = False) -> bytes:
        """Write a call with the arguments that the script's header names.

        Args:   text: send the script itself, to a server that does not know its digest.
        Raises: TypeError: other arguments are given.
        """
        if args.keys() != self._names:
            raise TypeError(f"{self._name} takes {self._args}, not {tuple(args)}")
        values = _pack([args[name] for name in self._args])
        return (self._by_text if text else self._by_digest) + values

    def _head(self, command: str, script: str) -> bytes:
        return b"*%d\r\n" % self._size + _pack([command, script]) + self._keys


def _pack(values: list[Value]) -> bytes:
    return b"".join(_ITEM % (len(data), data) for data in map(_encode, values))


def _encode(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else repr(value).encode()
