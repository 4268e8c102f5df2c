"""docs/limits.md tells every limit of hub/limits.py with its value, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from hub import limits

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"


def test_every_limit_is_documented_with_its_value() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", PAGE.read_text(), re.M)
    documented = {name: int(value.replace(",", "")) for name, value in rows}
    assert documented == {name: getattr(limits, name) for name in vars(limits) if name.isupper()}
