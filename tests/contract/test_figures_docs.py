"""The dictionary of the CSV columns is the columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.app import create_app, create_hub
from hub.config import Settings
from hub.export import JOB_COLUMNS, METRICS_COLUMNS, SUMMARY_COLUMNS
from hub.figures import ErrorKind
from hub.marks import Mark
from hub.promises import PromiseRow

TEXT = (Path(__file__).parents[2] / "docs" / "figures.md").read_text()


FILES = {
    "jobs.csv": JOB_COLUMNS,
    "metrics.csv": METRICS_COLUMNS,
    "summary.csv": SUMMARY_COLUMNS,
    "promises.csv": PromiseRow.__struct_fields__,
    "errors.csv": ErrorKind.__struct_fields__,
    "marks.csv": Mark.__struct_fields__,
}


@pytest.mark.parametrize(("title", "columns"), FILES.items(), ids=list(FILES))
def test_dictionary_names_every_column_in_order(title: str, columns: tuple[str, ...]) -> None:
    section = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.M)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert named == list(columns)


def test_every_export_of_a_hub_has_a_dictionary(settings: Settings, redis_url: str) -> None:
    rules = create_app(create_hub(settings, redis_url)).url_map.iter_rules()
    exports = {rule.rule for rule in rules if rule.rule.endswith(".csv")}
    assert {f"/api/export/{title}" for title in FILES} == exports - {"/api/export/audit.csv"}
    listed = re.findall(r"^\| \[([a-z]+\.csv)\]", TEXT, re.M)
    assert listed == list(FILES)
