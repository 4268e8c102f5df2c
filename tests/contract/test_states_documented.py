"""docs/states.md tells the moves of hub/states.py, all of them and no other."""

from __future__ import annotations

import re
from pathlib import Path

from hub.states import JOB_MOVES, JOB_STATUSES

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def test_moves_on_the_page_are_those_of_the_code() -> None:
    documented: dict[str, set[str]] = {status: set() for status in JOB_STATUSES}
    for olds, news in re.findall(r"^\| ([\w, ]+) \| ([\w, ]+) \|", PAGE.read_text(), re.M):
        for old in olds.split(", "):
            if old in documented:
                documented[old] |= set(news.split(", "))
    assert documented == {status: set(moves) for status, moves in JOB_MOVES.items()}
