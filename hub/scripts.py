"""Load the Lua scripts: read their headers, join their includes, number their keys and arguments.

A script's header names what it uses; the loader turns the names into KEYS and ARGV, so that
neither Lua nor Python counts positions:

    -- include clock events          files of lua/include, in this order, before the body; an include
                                     may include others, each comes once
    -- key meta HASH   epoch, seq    a key (hub.keys builds it); `db.meta` in the body
    -- arg limit int   rows at most  an argument; `arg.limit`, already a number
    -- borrow lease_ms ...           an include uses this argument of the script that includes it

An include may put a function into `finally`: it runs after the script, in the order of inclusion.

A test holds every header against its body (tests/hub/test_scripts.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files
from typing import Final

_LUA: Final = files("hub") / "lua"
_HEADER_LINE: Final = re.compile(r"^-- (include|key|arg) (\S+)(?: (\S+))?(.*)$", re.M)

# What every script starts with. `text` writes an integer: cjson and .. write 14 digits, a time or fence needs
# 16; '%d' costs a quarter of '%.0f', and a text once written a tenth of that.
_PRELUDE: Final = """\
local texts = {}
local function text(number)
  local known = texts[number]
  if not known then
    known = string.format('%d', number)
    texts[number] = known
  end
  return known
end
local finally = {}
"""

# Lua searches all names of a level, one by one, for each that a function uses there; names of an outer level
# are at hand. A function may use 60 of them at most, and each level uses those of all within it.
_INCLUDES_A_LEVEL: Final = 6

# The script is a function, and what its includes gathered is written after it, however it returns.
_POSTLUDE: Final = """\
local reply = run()
for _, step in ipairs(finally) do step() end
return reply
"""

_READERS: Final = {
    "string": "ARGV[{n}]",
    "int": "tonumber(ARGV[{n}])",
    "number": "tonumber(ARGV[{n}])",
    "json": "cjson.decode(ARGV[{n}])",
    "msgpack": "cmsgpack.unpack(ARGV[{n}])",
}


@dataclass(frozen=True)
class Header:
    """What a Lua file says that it uses, in the order of its header."""

    includes: tuple[str, ...]
    keys: tuple[str, ...]
    args: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Script:
    """A script ready to be sent: its text, its digest, and the names that its call must bring."""

    name: str
    text: str
    sha: str
    keys: tuple[str, ...]
    args: tuple[str, ...]


def read_header(source: str) -> Header:
    """Read the header, which ends at the first empty line."""
    head = source.partition("\n\n")[0]
    includes: list[str] = []
    keys: list[str] = []
    args: list[tuple[str, str]] = []
    for kind, name, type_, rest in _HEADER_LINE.findall(head):
        if kind == "include":
            includes += f"{name} {type_} {rest}".split()
        elif kind == "key":
            keys.append(name)
        else:
            args.append((name, type_))
    return Header(tuple(includes), tuple(keys), tuple(args))


@cache
def load(name: str) -> Script:
    """Build the script `lua/<name>.lua`.

    Raises: FileNotFoundError: there is no such script.
    """
    source = (_LUA / f"{name}.lua").read_text(encoding="utf-8")
    header = read_header(source)
    parts = [_read_include(part) for part in _with_their_own(header.includes)]
    keys = dict.fromkeys(key for text in (*parts, source) for key in read_header(text).keys)
    db = ", ".join(f"{key} = KEYS[{n}]" for n, key in enumerate(keys, 1))
    arg = ", ".join(
        f"{arg} = {_READERS[type_].format(n=n)}" for n, (arg, type_) in enumerate(header.args, 1)
    )
    script = f"local function run()\n{_body(source)}end\n{_POSTLUDE}"
    text = f"local db = {{{db}}}\nlocal arg = {{{arg}}}\n{_PRELUDE}{_nest(parts, script)}"
    digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(name, text, digest, tuple(keys), tuple(arg for arg, _ in header.args))


def _nest(parts: list[str], script: str) -> str:
    """Put the script behind its includes, a few to a function within the one before."""
    text = _level(script)
    for start in range(len(parts) - 1, -1, -1):
        if start % _INCLUDES_A_LEVEL == 0:
            group = parts[start : start + _INCLUDES_A_LEVEL]
            text = _level("\n".join(_body(part) for part in group) + "\n" + text)
    return text


def _level(text: str) -> str:
    return f"return (function()\n{text}end)()\n"


def _body(source: str) -> str:
    return source.partition("\n\n")[2]


def _read_include(name: str) -> str:
    return (_LUA / "include" / f"{name}.lua").read_text(encoding="utf-8")


def _with_their_own(includes: tuple[str, ...]) -> list[str]:
    """List includes with what they include themselves, each once and before who needs it."""
    ordered: dict[str, None] = {}
    for name in includes:
        for inner in _with_their_own(read_header(_read_include(name)).includes):
            ordered.setdefault(inner)
        ordered.setdefault(name)
    return list(ordered)


def names() -> list[str]:
    """List every script by name."""
    return sorted(
        entry.name.removesuffix(".lua") for entry in _LUA.iterdir() if entry.name.endswith(".lua")
    )
