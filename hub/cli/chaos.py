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
    """Break everything, and check monitors and the history of every job against Redis.

    Starts a Redis, hubs and workers of its own; nothing of yours is touched. Links are cut, slow or
    stuck, pub/sub connections are killed every 50 ms; hubs and workers are killed, restarted and stopped
    for a while; Redis is stopped, restarts with and without its last second, and loses its data.

    Status 1 when a monitor shows another record than Redis, missed a loss or saw one that was none; when
    an acknowledged submit is gone or has not one final state a run; when a recorded result does not carry
    the winning fence; when counters or figures differ from the records; when a process printed a stack trace.
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
        f"every subscription killed each {report.kill_every_ms:.0f} ms; "
        + "done besides: "
        + _listed(report.sabotage),
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
