"""`jobhub tail`: events as they happen, one line each."""

from __future__ import annotations

import re
from typing import Any, Final

import click
import msgspec
from rich.text import Text

from hub.cli import looks
from hub.cli.output import console
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.monitor_stream import Frame, Lost, MonitorStream
from hub.records import JobError, Progress, Worker
from hub.states import JobStatus

TOPICS: Final = ("jobs", "jobs:status", "jobs:progress", "workers", "system_stats")


class JobView(msgspec.Struct, frozen=True):
    """What a line tells of a job."""

    job_type: str = ""
    priority: int = 0
    attempt: int | None = None
    worker_id: str | None = None
    run_ms: int | None = None
    wait_ms: int | None = None
    error: JobError | None = None
    progress: Progress | None = None


class EventView(msgspec.Struct, frozen=True):
    """What a line tells of an event."""

    seq: int
    type: str
    timestamp: int
    job_id: str | None = None
    worker_id: str | None = None
    job_type: str | None = None
    old_status: str | None = None
    new_status: JobStatus | str | None = None
    reason: str | None = None
    will_retry: bool | None = None
    percent: float | None = None
    message: str | None = None
    action: str | None = None
    actor: str | None = None
    paused: bool | None = None
    pending: int | None = None
    submitted: int | None = None
    completed: int | None = None
    failed: int | None = None
    busy: float | None = None
    offered: float | None = None
    job: JobView | None = None
    worker: Worker | None = None


@click.command("tail")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    type=click.Choice(TOPICS),
    default=("jobs", "workers"),
    show_default=True,
    help="What to hear of; may be given several times.",
)
@click.option("--type", "types", multiple=True, metavar="EVENT", help="Only events of this type.")
@click.option("--job-type", "job_types", multiple=True, metavar="TYPE", help="Only these jobs.")
@click.option("--worker-id", "worker_ids", multiple=True, metavar="ID", help="Only these workers.")
@click.option("--priority-min", type=click.IntRange(0, 100), default=0)
@click.option("--priority-max", type=click.IntRange(0, 100), default=100)
@click.option("--grep", metavar="REGEX", help="Only events whose JSON matches.")
@click.option("--limit", type=click.IntRange(1), help="End after so many events.")
@settings_flags(CLIENT)
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
def tail_command(
    topics: tuple[str, ...],
    types: tuple[str, ...],
    job_types: tuple[str, ...],
    worker_ids: tuple[str, ...],
    priority_min: int,
    priority_max: int,
    grep: str | None,
    limit: int | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Print events as they happen, until Ctrl-C.

    A lost connection is made again and goes on where it stopped. What the connection does is told
    on standard error, events on standard output.
    """
    filters: dict[str, Any] = {}
    if job_types:
        filters["job_types"] = job_types
    if worker_ids:
        filters["worker_ids"] = worker_ids
    if (priority_min, priority_max) != (0, 100):
        filters["priority_range"] = (priority_min, priority_max)
    wanted = _Wanted(frozenset(types), _pattern(grep))
    stream = MonitorStream(settings_from(flags), topics, filters, full_state=False)
    try:
        _follow(stream, wanted, limit, as_json)
    except KeyboardInterrupt:
        return


class _Wanted(msgspec.Struct, frozen=True):
    types: frozenset[str]
    pattern: re.Pattern[str] | None

    def lets_pass(self, raw: bytes, event: EventView) -> bool:
        if self.types and event.type not in self.types:
            return False
        return self.pattern is None or bool(self.pattern.search(raw.decode()))


def _follow(stream: MonitorStream, wanted: _Wanted, limit: int | None, as_json: bool) -> None:
    out = console()
    cut = False
    printed = 0
    for frame in stream.read():
        if isinstance(frame, Lost):
            click.echo(f"connection lost ({frame.reason}); connecting again", err=True)
            cut = True
            continue
        if frame is None:
            continue
        if frame.type == "subscription_confirmed" and not cut:
            click.echo("connected; events follow", err=True)
        elif cut and frame.type in ("resumed", "full_state_snapshot"):
            click.echo(_welcome_back(frame), err=True)
            cut = False
        for raw in frame.events:
            event = msgspec.json.decode(raw, type=EventView)
            if not wanted.lets_pass(bytes(raw), event):
                continue
            if as_json:
                click.echo(bytes(raw))
            else:
                out.print(describe(event), soft_wrap=True)
            printed += 1
            if printed == limit:
                return


def _welcome_back(frame: Frame) -> str:
    if frame.type == "full_state_snapshot":
        return "connected again; what happened meanwhile is no longer known to the hub"
    return f"connected again, from event {frame.seq} on"


def _pattern(grep: str | None) -> re.Pattern[str] | None:
    try:
        return None if grep is None else re.compile(grep)
    except re.error as error:
        raise click.UsageError(f"--grep: {error}") from None


def describe(event: EventView) -> Text:
    """Lay out one event as a line: time, what, whom, details."""
    line = Text(looks.clock(event.timestamp), style="bright_black")
    line.append(f".{event.timestamp % 1_000:03} ")
    line.append(f"{event.type.removeprefix('job_'):<21} ", style="bold not dim default")
    if event.type == "system_stats":
        return line.append(_figures(event), style="default")
    if event.job_id is not None:
        line.append(event.job_id, style="default")
        kind = event.job.job_type if event.job else event.job_type
        line.append(f" {kind or '':<14} ", style="default")
    elif event.worker_id is not None:
        line.append(f"{event.worker_id} ", style="default")
    elif event.job_type is not None:
        line.append(f"{event.job_type} ", style="default")
    if event.new_status is not None and event.new_status != event.old_status:
        line.append_text(looks.state(str(event.new_status))).append(" ")
    return line.append(", ".join(_details(event)), style="default")


def _details(event: EventView) -> list[str]:
    details = []
    if event.percent is not None:
        details.append(f"{event.percent:.0f} %")
    job = event.job
    if job is not None:
        if event.new_status in ("assigned", "in_progress") and job.worker_id:
            details.append(f"by {job.worker_id}")
        if event.new_status in ("completed", "failed") and job.run_ms is not None:
            details.append(f"ran {looks.span(job.run_ms)}")
        if job.error is not None and event.type == "job_failed":
            details.append(f"{job.error.type}: {job.error.message}".partition("\n")[0][:120])
    if event.will_retry:
        details.append("will be tried again")
    if event.paused is not None:
        details.append(("paused" if event.paused else "handed out") + f", {event.pending} pending")
    if event.worker is not None and event.new_status != "offline":
        details.append(f"{len(event.worker.job_ids)}/{event.worker.slots} slots")
    reason = None if event.type == "queue_changed" else event.reason
    details += [word for word in (event.action, event.message, reason) if word]
    if event.actor:
        details.append(f"by {event.actor}")
    return details


def _figures(event: EventView) -> str:
    return (
        f"submitted {event.submitted or 0}, completed {event.completed or 0}, "
        f"failed {event.failed or 0}, busy {event.busy or 0:.1f} of {event.offered or 0:.0f} slots"
    )
