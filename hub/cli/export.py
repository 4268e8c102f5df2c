"""`jobhub export`: jobs, figures, promises, errors, marks and the audit log as CSV files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from hub.cli.hub_api import HubApi
from hub.cli.job_filters import Moment, filter_flags, take_filter
from hub.cli.output import console
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.errors import Unavailable

Command = Callable[..., Any]

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


def _range_flags(command: Command) -> Command:
    """FILE, and the range of time that its rows are of: the last day by default."""
    for flag in (
        click.option("--to", type=Moment(), help="Until then."),
        click.option("--from", "from_", type=Moment(), help="From then on (24h: so long ago)."),
        click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True)),
    ):
        command = flag(command)
    return command


def _group_flags(command: Command) -> Command:
    """Which groups: all of a kind, or one."""
    for flag in (
        click.option("--group", help="One group alone: all, type:NAME or worker:ID."),
        click.option(
            "--group-by",
            type=click.Choice(["all", "job_type", "worker"]),
            default="all",
            show_default=True,
            help="Rows for the whole hub, for each job type, or for each worker.",
        ),
    ):
        command = flag(command)
    return command


@export_group.command("metrics")
@_range_flags
@_group_flags
@click.option("--step", type=int, help="Width of a bucket in seconds; a minute by default.")
@settings_flags(CLIENT)
def export_metrics(file: Path, **flags: Any) -> None:
    """Export figures over time, a row a bucket, to FILE; - is standard output."""
    _export(file, "/api/export/metrics.csv", _taken(flags, "group_by", "group", "step"), flags)


@export_group.command("summary")
@_range_flags
@_group_flags
@settings_flags(CLIENT)
def export_summary(file: Path, **flags: Any) -> None:
    """Export every figure of the whole range, a row a group, to FILE; - is standard output."""
    _export(file, "/api/export/summary.csv", _taken(flags, "group_by", "group"), flags)


@export_group.command("errors")
@_range_flags
@click.option("--job-type", help="Of this job type alone.")
@settings_flags(CLIENT)
def export_errors(file: Path, **flags: Any) -> None:
    """Export the kinds of errors, most frequent first, to FILE; - is standard output."""
    _export(file, "/api/export/errors.csv", _taken(flags, "job_type"), flags)


@export_group.command("promises")
@_range_flags
@settings_flags(CLIENT)
def export_promises(file: Path, **flags: Any) -> None:
    """Export how promises to customers were kept to FILE; - is standard output."""
    _export(file, "/api/export/promises.csv", _taken(flags), flags)


@export_group.command("marks")
@_range_flags
@settings_flags(CLIENT)
def export_marks(file: Path, **flags: Any) -> None:
    """Export deploys, incidents and notes, oldest first, to FILE; - is standard output."""
    _export(file, "/api/export/marks.csv", _taken(flags), flags)


@export_group.command("audit")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@settings_flags(CLIENT)
def export_audit(file: Path, **flags: Any) -> None:
    """Export what operators did, newest first, to FILE; - is standard output."""
    _export(file, "/api/export/audit.csv", {}, flags)


def _taken(flags: dict[str, Any], *names: str) -> dict[str, Any]:
    """Take the range and what else the query has out of the flags."""
    return {name: flags.pop(name) for name in ("from_", "to", *names)}


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
