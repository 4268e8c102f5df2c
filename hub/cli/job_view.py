"""How `jobhub jobs show` lays out one job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.answers import MatchReport, QueuePlace, Transition
from hub.cli import looks
from hub.cli.output import console
from hub.records import Job
from hub.states import ACTIVE_STATUSES, FINAL_STATUSES


class FullJob(Job, frozen=True, kw_only=True, omit_defaults=True):
    """A job with payload and result as values: msgspec 0.22 cannot decode `Raw | None`."""

    payload: Any = None
    result: Any = None


def show_job(job: FullJob, history: Sequence[Transition]) -> None:
    """Print a job: facts, payload, result or error, moves."""
    out = console()
    head = Text(job.job_id, style="bold").append(f"  {job.job_type}  ", style="not bold")
    out.print(head.append_text(looks.state(job.status)))
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(job):
        facts.add_row(Text(name, style="dim"), value)
    out.print(Padding(facts, (1, 0, 0, 0)))
    _block("payload", job.payload)
    _block("result", job.result)
    if job.error is not None:
        out.print(Text(f"\n{job.error.type}: {job.error.message}", style="red"))
        if job.error.traceback:
            out.print(Text(job.error.traceback, style="dim"))
    out.print()
    moves = Table("at", "run", "state", "attempt", "worker", "why", box=None)
    for move in history:
        moves.add_row(
            looks.clock(move.at),
            str(move.run),
            looks.state(move.new_status),
            "" if move.attempt is None else str(move.attempt),
            move.worker_id or "",
            move.reason or (move.error.type if move.error else ""),
        )
    out.print(moves)


def show_outlook(place: QueuePlace, report: MatchReport) -> None:
    """Print why a job waits: place in line, what keeps it, and what each worker lacks."""
    out = console()
    out.print(Text(f"{place.job_id}  ", style="bold").append_text(looks.state(place.status)))
    for sentence in _reasons(place, report):
        out.print(sentence)
    if not report.workers:
        return
    out.print()
    table = Table("worker", "state", "fits", "why not", box=None)
    for worker in report.workers:
        fits = Text("yes", style="green") if worker.fits else Text("no", style="red")
        why = "; ".join(worker.reasons) or worker.waits_for or ""
        table.add_row(worker.worker_id, looks.state(worker.status), fits, why)
    out.print(table)
    if report.truncated:
        out.print(Text("there are more workers than are shown", style="dim"))


def _reasons(place: QueuePlace, report: MatchReport) -> Iterator[str]:
    if place.status in FINAL_STATUSES:
        yield "its run is over"
    elif place.status in ACTIVE_STATUSES:
        yield "it waits no more: a worker has it"
    if place.position is not None:
        yield f"{place.position:,} of {place.pending:,} in line"
    if place.estimated_start_at is not None and place.status in ("pending", "scheduled"):
        yield f"starts about {looks.clock(place.estimated_start_at)}"
    if report.paused:
        yield "its queue is paused"
    if report.unworkable is not None and place.status not in FINAL_STATUSES:
        yield f"nobody can do it: {report.unworkable}"


def _facts(job: FullJob) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        ("priority", str(job.priority)),
        ("submitted", f"{looks.clock(job.created_at)} ({looks.age(job.created_at)} ago)"),
    ]
    if job.status == "scheduled" and job.run_at is not None:
        facts.append(("runs at", looks.clock(job.run_at)))
    if job.progress is not None:
        note = f"  {job.progress.message}" if job.progress.message else ""
        facts.append(("progress", looks.bar(job.progress.percent).append(note)))
    for name, value in (
        ("wait", looks.span(job.wait_ms) if job.wait_ms is not None else None),
        ("run time", looks.span(job.run_ms) if job.run_ms is not None else None),
        ("attempt", f"{job.attempt} of {job.max_attempts}" if job.attempt else None),
        ("run", str(job.run) if job.run > 1 else None),
        ("losses", str(job.losses) if job.losses else None),
        ("worker", job.worker_id),
        ("customer", job.customer_id),
        ("workflow", _workflow(job)),
        (
            "requires",
            msgspec.json.encode(job.requirements).decode() if job.requirements else None,
        ),
    ):
        if value is not None:
            facts.append((name, Text(value)))
    return facts


def _workflow(job: FullJob) -> str | None:
    if job.workflow_id is None or job.step_number is None:
        return job.workflow_id
    of = f" of {job.total_steps}" if job.total_steps is not None else ""
    return f"{job.workflow_id}, step {job.step_number}{of}"


def _block(name: str, value: Any) -> None:
    if value is None or value == {}:
        return
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    console().print(Text(f"\n{name} ", style="dim").append(text, style="not dim"))
