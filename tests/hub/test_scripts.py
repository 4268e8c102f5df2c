"""Every Lua file says in its header what its body uses; no more, no less."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from hub import limits, scripts
from hub.keys import NAMES, PREFIXES
from hub.redis_service import RedisService

_LUA = files("hub") / "lua"
FILES = sorted(
    [path for path in _LUA.iterdir() if path.name.endswith(".lua")]
    + list((_LUA / "include").iterdir()),
    key=lambda path: path.name,
)


def _include(name: str) -> str:
    return (_LUA / "include" / f"{name}.lua").read_text()


def _borrowed(source: str) -> set[str]:
    """Arguments that an included file takes from the script that includes it."""
    line = re.search(r"^-- borrow ((?:\w+ )+)", source.partition("\n\n")[0], re.M)
    return set(line.group(1).split()) if line else set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_header_matches_body(path) -> None:
    source = path.read_text()
    header = scripts.read_header(source)
    body = source.partition("\n\n")[2]
    used_keys = set(re.findall(r"\bdb\.(\w+)", body))
    used_args = set(re.findall(r"\barg\.(\w+)", body))
    assert sorted(header.keys) == sorted(used_keys)
    declared = {name for name, _ in header.args}
    borrowed = _borrowed(source)
    assert used_args <= declared | borrowed
    lent = set().union(*(_borrowed(_include(part)) for part in header.includes))
    assert declared <= used_args | lent
    assert set(header.keys) <= NAMES | PREFIXES


_WORDS = """
    redis cjson cmsgpack struct string table math tonumber tostring type error next pcall ipairs pairs
    unpack KEYS ARGV _
    and break do else elseif end false for function if in local nil not or repeat return then true until while
"""


def _names_in(lists: list[str]) -> set[str]:
    return {name.strip() for names in lists for name in names.split(",")}


@pytest.mark.parametrize("name", scripts.names())
def test_script_uses_no_name_that_none_of_its_includes_defines(name: str) -> None:
    text = re.sub(r"--[^\n]*|'(?:\\.|[^'\\\n])*'", "''", scripts.load(name).text)
    names = r"(\w+(?:\s*,\s*\w+)*)"
    defined = set(re.findall(r"\blocal function (\w+)", text))
    defined |= _names_in(re.findall(rf"\blocal (?!function){names}", text))
    defined |= _names_in(re.findall(rf"\bfor {names}(?: in\b|\s*=)", text))
    defined |= _names_in(re.findall(r"\bfunction\s*[\w.]*\(([^)]*)\)", text))
    used = set(re.findall(r"(?<![\w.:])([A-Za-z_]\w*)\b(?!\s*=[^=])", text))
    assert used - defined - set(_WORDS.split()) == set()


@pytest.mark.parametrize("name", scripts.names())
def test_script_compiles(name: str, service: RedisService) -> None:
    script = scripts.load(name)
    assert service.redis.script_load(script.text) == script.sha


def test_as_much_history_is_kept_as_the_limits_say() -> None:
    kept = re.search(r"^local HISTORY_KEPT = (\d+)$", _include("history"), re.M)
    assert kept is not None
    assert int(kept[1]) == limits.HISTORY_ENTRIES_KEPT
