"""`jobhub mark`: a deploy, an incident or a note on the time line of every chart."""

from __future__ import annotations

from typing import Any, get_args

import click

from hub.answers import Mark, MarkKind
from hub.cli.hub_api import HubApi
from hub.cli.output import json_flag, print_json
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from


@click.command("mark")
@click.argument("label")
@click.option("--kind", type=click.Choice(get_args(MarkKind)), default="note", show_default=True)
@settings_flags(CLIENT)
@json_flag
def mark_command(label: str, kind: MarkKind, as_json: bool, **flags: Any) -> None:
    """Set a mark at this moment, say from a deploy script: charts show LABEL there."""
    with HubApi(settings_from(flags)) as api:
        mark = api.post("/api/marks", Mark, {"label": label, "kind": kind})
    if as_json:
        print_json(mark)
        return
    click.echo(f"{mark.kind}: {mark.label}")
