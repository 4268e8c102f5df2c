"""docs/decisions is a book without a gap: numbers, form, and every reference to a record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
REFERRING = ("hub", "dashboard", "assets", "bench", "docs", "tests", "examples")
TEXT = {".py", ".lua", ".js", ".css", ".md", ".toml"}


def test_records_are_numbered_without_gaps() -> None:
    numbers = [int(path.name.partition("-")[0]) for path in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_record_follows_the_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.name[:4]}: ")
    parts = [re.search(rf"^\*\*{part}", text, re.M) for part in ("Context", "Choice", "Rejected")]
    places = [part.start() if part else -1 for part in parts]
    places.append(text.find("**Look again**"))
    assert -1 not in places and places == sorted(places)
    assert len(text.splitlines()) <= 60


def test_every_reference_names_a_record() -> None:
    names = {path.name for path in RECORDS}
    numbers = {name[:4] for name in names}
    files = [path for folder in REFERRING for path in (ROOT / folder).rglob("*")]
    wrong = []
    for path in files:
        if path.suffix in TEXT and "node_modules" not in path.parts:
            for number, rest in re.findall(
                r"decisions/(\d{4})(-[\w.-]*md)?", path.read_text(encoding="utf-8")
            ):
                if number not in numbers or (rest and number + rest not in names):
                    wrong.append(f"{path.relative_to(ROOT)}: {number}{rest}")
    assert wrong == []


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^dependencies = \[(.*?)^\]", text, re.M | re.S)
    assert listed is not None
    names = re.findall(r'^\s*"([\w-]+)', listed[1], re.M)
    [record] = [path for path in RECORDS if path.stem.endswith("-libraries")]
    reasons = record.read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in reasons] == []
