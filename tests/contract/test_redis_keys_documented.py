"""docs/redis-keys.md lists every key of hub/keys.py with the type and the writers that the scripts have."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from hub import scripts
from hub.keys import NAMES, PREFIXES

PAGE = Path(__file__).parents[2] / "docs" / "redis-keys.md"
ROWS = re.findall(r"^\| `(\w+:?)` \| (\w+) \|(.*)\|(.*)\|.*\|$", PAGE.read_text(), re.M)
LUA = files("hub") / "lua"


def test_every_key_is_documented_and_no_other() -> None:
    known = sorted([*NAMES, *(f"{prefix}:" for prefix in PREFIXES)])
    assert sorted(row[0] for row in ROWS) == known


def test_types_are_those_of_the_headers() -> None:
    documented = {row[0].rstrip(":"): row[1] for row in ROWS}
    paths = [*LUA.iterdir(), *(LUA / "include").iterdir()]
    for path in paths:
        if not path.name.endswith(".lua"):
            continue
        head = path.read_text().partition("\n\n")[0]
        for name, kind, prefixed in re.findall(
            r"^-- key (\w+) +(\w+)(?: +([A-Z]+)\b)?", head, re.M
        ):
            found = prefixed if kind == "PREFIX" else kind
            assert documented[name] == found, (path.name, name)


def test_named_writers_exist_and_use_the_key() -> None:
    for name, _, _, writers in ROWS:
        for writer in re.findall(r"`([\w.]+)`", writers):
            if writer.startswith("hub."):
                assert (Path(str(files("hub"))) / f"{writer[4:]}.py").exists()
            elif writer in scripts.names():
                assert name.rstrip(":") in scripts.load(writer).keys, (name, writer)
            else:
                assert writer.rstrip(":") in NAMES | PREFIXES, writer
