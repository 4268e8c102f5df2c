"""`jobhub export`: jobs, figures and the audit log as CSV files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from hub.cli.hub_api import HubApi
from hub.cli.job_filters import Moment, filter_flags, take_filter
from hub.cli.output import console
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.errors import Unavailable

_PART_SUFFIX: Final = ".part"  # a file of the final name is always whole


@click.group("export")
def export_group() -> None:
    """Export jobs, figures or the audit log as CSV, to a file or to standard output."""


@export_group.command("jobs")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@filter_flags
@settings_flags(CLIENT)
def export_jobs(file: Path, **flags: Any) -> None:
    """Export the jobs that pass the filters to FILE; - is standard output."""
    chosen = take_filter(flags)
    _export(file, "/api/export/jobs.csv", chosen, flags)


@export_group.command("metrics")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--from", "from_", type=Moment(), help="From then on (24h: so long ago).")
@click.option("--to", type=Moment(), help="Until then.")
@click.option(
    "--group-by",
    type=click.Choice(["all", "job_type", "worker"]),
    default="all",
    show_default=True,
    help="A row a bucket for the whole hub, for each job type, or for each worker.",
)
@click.option("--step", type=int, help="Width of a bucket in seconds; a minute by default.")
@settings_flags(CLIENT)
def export_metrics(file: Path, from_: int | None, to: int | None, **flags: Any) -> None:
    """Export the figures of the last day, or of the time given, to FILE; - is standard output."""
    query = {
        "from_": from_,
        "to": to,
        "group_by": flags.pop("group_by"),
        "step": flags.pop("step"),
    }
    _export(file, "/api/export/metrics.csv", query, flags)


@export_group.command("audit")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@settings_flags(CLIENT)
def export_audit(file: Path, **flags: Any) -> None:
    """Export what operators did, newest first, to FILE; - is standard output."""
    _export(file, "/api/export/audit.csv", {}, flags)


def _export(file: Path, path: str, query: dict[str, Any], flags: dict[str, Any]) -> None:
    with (
        HubApi(settings_from(flags)) as api,
        api.stream(path, **query) as chunks,
    ):
        if str(file) == "-":
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            return
        rows = _save(file, chunks)
    click.echo(f"{rows:,} rows in {file}", err=True)


def _save(file: Path, chunks: Iterator[bytes]) -> int:
    """Write the file under another name, and give it its own once it is whole."""
    part = file.with_name(file.name + _PART_SUFFIX)
    try:
        with part.open("wb") as out:
            lines = 0
            for chunk in _shown(chunks, file.name):
                out.write(chunk)
                lines += chunk.count(b"\r\n")
        part.replace(file)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}", field="FILE") from None
    finally:
        part.unlink(missing_ok=True)
    return max(0, lines - 1)


def _shown(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Pass the pieces on, and show how many have come; the hub does not know how many there will be."""
    out = console(error=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(pulse_style="blue"),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    ) as progress:
        task = progress.add_task(name, total=None)
        for chunk in chunks:
            progress.advance(task, len(chunk))
            yield chunk
