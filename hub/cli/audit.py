"""`jobhub audit`: which operator did what."""

from __future__ import annotations

from typing import Any, Final

import click
import msgspec
from rich.table import Table
from rich.text import Text

from hub.cli import looks
from hub.cli.hub_api import HubApi
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from

_OWN_COLUMNS: Final = ("at", "audit_id", "actor", "action", "job_ids")
_JOBS_SHOWN: Final = 3


class AuditEntries(msgspec.Struct):
    """Answer of GET /api/audit."""

    entries: list[dict[str, Any]]


@click.command("audit")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@settings_flags(CLIENT)
@json_flag
def audit_command(limit: int, as_json: bool, **flags: Any) -> None:
    """Show what operators did, newest first; `jobhub export audit` saves all of it."""
    with HubApi(settings_from(flags)) as api:
        entries = api.get("/api/audit", AuditEntries, limit=limit).entries
    if as_json:
        print_json(entries)
        return
    table = Table("when", "who", "did", "to what", box=None)
    for entry in entries:
        told = (looks.clock(entry["at"]), entry["actor"], entry["action"], _target(entry))
        table.add_row(*map(Text, told))  # Text: a label may look like markup
    print_table(table)


def _target(entry: dict[str, Any]) -> str:
    named = entry.get("job_ids", [])
    words = [f"{name}={value}" for name, value in entry.items() if name not in _OWN_COLUMNS]
    more = ["…"] if len(named) > _JOBS_SHOWN else []
    return " ".join([*words, *named[:_JOBS_SHOWN], *more])
