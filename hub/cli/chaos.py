"""`jobhub chaos`: prove that no event is missed and nothing acknowledged is lost, whatever breaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from hub.chaos.proof import Report


@click.command("chaos")
@click.option("--seconds", type=click.FloatRange(1), default=60.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same failures again.")
@click.option("--hubs", type=click.IntRange(1, 8), default=2, show_default=True)
@click.option("--monitors", type=click.IntRange(1, 200), default=8, show_default=True)
@click.option(
    "--pause",
    "pause_s",
    type=click.FloatRange(0.1),
    default=2.0,
    show_default=True,
    help="Seconds between two failures worse than a killed subscription.",
)
@click.option("--report", "path", type=click.Path(dir_okay=False, path_type=Path), help="As JSON.")
def chaos_command(
    seconds: float, seed: int, hubs: int, monitors: int, pause_s: float, path: Path | None
) -> None:
    """Break everything around monitors, and compare what they show with Redis.

    Starts a Redis and hubs of its own; nothing of yours is touched. Monitors follow over links that are
    cut, slow or stuck, while pub/sub connections are killed every 50 ms, hubs die, Redis restarts with
    and without its last second and loses its data. Status 1 when a record differs, a loss was not
    noticed, or something was taken for a loss that was none; and when a submit or outcome that was
    acknowledged is not there at the end, a run has not one final state, or counters differ from records.
    """
    from hub.chaos.proof import Plan, run  # brings redis, which `jobhub hub` must load later

    plan = Plan(seconds=seconds, seed=seed, hubs=hubs, monitors=monitors, pause_s=pause_s)
    report = run(plan, click.echo)
    for line in describe(report):
        click.echo(line)
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if not report.passed:
        raise click.exceptions.Exit(1)


def describe(report: Report) -> list[str]:
    """Write a report for a terminal."""
    lines = [
        f"{report.transitions} transitions, {report.transitions_per_s:.0f} a second",
        "done to them: " + _listed(report.sabotage),
        "monitors: " + _listed(report.monitors),
        "history: " + _listed(report.history),
        *report.differences,
    ]
    if report.passed:
        lines.append(
            f"every monitor equals Redis {report.settled_after_s:.1f} s after the end; "
            "all that was acknowledged is there"
        )
    else:
        lines.append("NOT PROVED: see above")
    return lines


def _listed(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items()))
