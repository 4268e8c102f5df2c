"""`jobhub config`: every setting in force, and who set it."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import ALL, SENTENCES, settings_flags, wrong_setting
from hub.config import Setting, describe_settings
from hub.errors import InvalidInput


@click.command("config")
@settings_flags(ALL)
@json_flag
def config_command(as_json: bool, **flags: Any) -> None:
    """Show every setting in force, and where its value comes from.

    A flag wins over a variable, a variable over the default; `derived` follows from other settings.
    Secrets are masked.
    """
    try:
        settings = describe_settings(flags=flags)
    except InvalidInput as error:
        raise wrong_setting(error, flags) from None
    if as_json:
        print_json(settings)
        return
    table = Table("setting", "value", "source", "meaning", box=None, pad_edge=False)
    for setting, field in zip(settings, ALL, strict=True):
        colour = "dim" if setting.source == "default" else "bold"
        table.add_row(setting.name, _shown(setting), setting.source, SENTENCES[field], style=colour)
    print_table(table)


def _shown(setting: Setting) -> str:
    value = setting.value
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(value) or "–"
    if isinstance(value, float):
        return f"{value:g}"
    return "–" if value in (None, "") else str(value)
