"""`jobhub replay`: a recorded workload, as fast as wanted, through the hub."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hub.cli.output import console, json_flag, print_json
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.client import HubClient
from hub.errors import JobhubError
from hub.replay.player import Player, Report, Summary
from hub.replay.trace import Skipped, read_trace

_SHOWN: Final = 20  # skipped lines and differing rows are named up to here


class Speed(click.ParamType[float]):
    """A finite number above 0."""

    name = "N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number."""
        try:
            speed = float(value)
        except ValueError:
            self.fail(f"{value} is not a number")
        if not math.isfinite(speed) or speed <= 0:
            self.fail(f"must be above 0, not {value}")
        return speed


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed", type=Speed(), default="1", show_default=True, help="Times as fast as recorded."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes."
)
@click.option(
    "--slots", type=click.IntRange(1, 1_000), default=50, show_default=True, help="Slots of each."
)
@click.option(
    "--first",
    type=click.IntRange(0),
    default=0,
    metavar="ROW",
    help="Begin at this data line, from 0.",
)
@click.option("--limit", type=click.IntRange(1), metavar="K", help="Replay so many data lines.")
@settings_flags(CLIENT)
@json_flag
def replay_command(
    file: Path,
    speed: float,
    workers: int,
    slots: int,
    first: int,
    limit: int | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Replay FILE, a trace in the Standard Workload Format, plain or gzip.

    Every job is submitted at its time, runs on simulated workers for its recorded time and ends as it
    did: status 1 completes, 0 fails, 5 is cancelled (while it waits, if it never ran). Its queue or
    partition is the job type, its user the customer. Ends by itself; status 1 when a job ended
    otherwise than in the trace.

    \b
    jobhub replay KTH-SP2-1996-2.1-cln.swf.gz --speed 10000 --limit 1000
    """
    settings = settings_from(flags)
    rows, skipped = read_trace(file, first=first, limit=limit)
    _tell_skipped(skipped)
    with (
        HubClient(settings.hub_url, token=settings.token) as client,
        _progress(len(rows)) as report,
    ):
        player = Player(settings, client, rows, speed=speed)
        summary = player.play(workers=workers, slots=slots, report=report)
    if as_json:
        print_json(summary)
    else:
        click.echo(_sentence(summary, speed))
    if summary.differing:
        for line in summary.differing[:_SHOWN]:
            click.echo(line, err=True)
        raise JobhubError(f"{len(summary.differing)} jobs ended otherwise than in the trace")


def _tell_skipped(skipped: Sequence[Skipped]) -> None:
    for item in skipped[:_SHOWN]:
        click.echo(f"line {item.line} is skipped: {item.reason}", err=True)
    if len(skipped) > _SHOWN:
        click.echo(f"{len(skipped) - _SHOWN} more lines are skipped", err=True)


@contextmanager
def _progress(total: int) -> Iterator[Report]:
    out = console(error=True)
    with Progress(
        TextColumn("replaying"),
        BarColumn(),
        TextColumn(
            "{task.completed:,.0f} of {task.total:,.0f} jobs over, {task.fields[sent]:,} submitted"
        ),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
    ) as progress:
        task = progress.add_task("", total=total, sent=0)
        yield lambda sent, over, _: progress.update(task, completed=over, sent=sent)


def _sentence(summary: Summary, speed: float) -> str:
    outcomes = ", ".join(f"{count:,} {name}" for name, count in sorted(summary.outcomes.items()))
    verdict = "all as in the trace" if not summary.differing else f"{len(summary.differing)} differ"
    return (
        f"{summary.jobs:,} jobs replayed in {summary.elapsed_s:.1f} s at speed {speed:g}: {outcomes}; "
        f"{verdict}; submitted at most {summary.latest_s * 1_000:.0f} ms late"
    )
