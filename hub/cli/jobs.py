"""`jobhub jobs`: find jobs, look at one, and act on many (`job_actions`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import click
from rich.table import Table

from hub.answers import MatchReport, QueuePlace
from hub.cli import looks
from hub.cli.hub_api import HubApi, segment
from hub.cli.job_actions import ACTIONS
from hub.cli.job_filters import filter_flags, take_filter
from hub.cli.job_view import FullJob, show_job, show_outlook
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.plain import plain
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.http.shapes import History, JobList, JobLogLines
from hub.records import Job

_PAGE: Final = 500


@click.group("jobs")
def jobs_group() -> None:
    """List jobs, look at one, cancel, retry, reprioritise and purge."""


@jobs_group.command("list")
@filter_flags
@click.option("--sort", type=click.Choice(["created_at", "finished_at", "priority"]))
@click.option("--order", type=click.Choice(["desc", "asc"]), help="desc: newest first.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@settings_flags(CLIENT)
@json_flag
def list_command(limit: int, as_json: bool, **flags: Any) -> None:
    """List jobs, those of every state or the ones that pass all filters."""
    chosen = take_filter(flags) | {"sort": flags.pop("sort"), "order": flags.pop("order")}
    with HubApi(settings_from(flags)) as api:
        jobs = list(_walk(api, chosen, limit))
    if as_json:
        print_json(jobs)
        return
    table = Table(
        "job", "type", "state", "prio", "worker", "submitted", "wait", "run", "", box=None
    )
    for job in jobs:
        table.add_row(
            job.job_id,
            job.job_type,
            looks.state(job.status),
            str(job.priority),
            job.worker_id or "–",
            looks.clock(job.created_at),
            looks.span(job.wait_ms),
            looks.span(job.run_ms),
            _remark(job),
        )
    print_table(table)
    if not jobs:
        click.echo("no jobs", err=True)


@jobs_group.command("log")
@click.argument("job_id")
@settings_flags(CLIENT)
@json_flag
def log_command(job_id: str, as_json: bool, **flags: Any) -> None:
    """Print what the handlers of a job logged, oldest first; the newest 1,000 lines."""
    with HubApi(settings_from(flags)) as api:
        log = api.get(f"/api/jobs/{segment(job_id)}/log", JobLogLines)
    if as_json:
        print_json(log)
        return
    for line in log.lines:
        click.echo(plain(line))


@jobs_group.command("why")
@click.argument("job_id")
@settings_flags(CLIENT)
@json_flag
def why_command(job_id: str, as_json: bool, **flags: Any) -> None:
    """Say why a job waits: its place in line, and for every worker whether it fits and why not."""
    path = f"/api/jobs/{segment(job_id)}"
    with HubApi(settings_from(flags)) as api:
        place = api.get(f"{path}/position", QueuePlace)
        report = api.get(f"{path}/match", MatchReport)
    if as_json:
        print_json({"position": place, "match": report})
    else:
        show_outlook(place, report)


@jobs_group.command("show")
@click.argument("job_id")
@settings_flags(CLIENT)
@json_flag
def show_command(job_id: str, as_json: bool, **flags: Any) -> None:
    """Show one job: its record, payload, result or error, and every move."""
    path = f"/api/jobs/{segment(job_id)}"
    with HubApi(settings_from(flags)) as api:
        job = api.get(path, FullJob)
        history = api.get(f"{path}/history", History).history
    if as_json:
        print_json({"job": job, "history": history})
    else:
        show_job(job, history)


for _command in ACTIONS:
    jobs_group.add_command(_command)


def _walk(api: HubApi, chosen: dict[str, Any], limit: int) -> Iterator[Job]:
    cursor: str | None = None
    while limit > 0:
        page = api.get("/api/jobs", JobList, **chosen, cursor=cursor, limit=min(limit, _PAGE))
        yield from page.jobs
        limit -= len(page.jobs)
        cursor = page.cursor
        if cursor is None:
            return


def _remark(job: Job) -> Any:
    if job.error is not None:
        first = job.error.message.partition("\n")[0]
        return f"{job.error.type}: {first}"[:60]
    if job.status == "in_progress" and job.progress is not None:
        return looks.bar(job.progress.percent)
    return ""
