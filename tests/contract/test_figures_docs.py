"""The dictionary of the CSV columns is the columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.export import JOB_COLUMNS, METRICS_COLUMNS

TEXT = (Path(__file__).parents[2] / "docs" / "figures.md").read_text()


@pytest.mark.parametrize(
    ("title", "columns"), [("jobs.csv", JOB_COLUMNS), ("metrics.csv", METRICS_COLUMNS)]
)
def test_dictionary_names_every_column_in_order(title: str, columns: tuple[str, ...]) -> None:
    section = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.M)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert named == list(columns)
