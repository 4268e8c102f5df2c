"""docs/settings.md and `--help` know every setting, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from hub.cli.settings_flags import SENTENCES
from hub.config import Settings, variable

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `(JOBHUB_\w+|REDIS_URL)` \|", PAGE.read_text(), re.M)
    assert sorted(documented) == sorted(map(variable, Settings.__struct_fields__))


def test_every_setting_has_a_sentence_for_help() -> None:
    assert sorted(SENTENCES) == sorted(Settings.__struct_fields__)
