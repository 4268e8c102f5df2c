"""`jobhub jobs`: list, show, cancel, retry and purge jobs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

import click
import msgspec
from rich.table import Table

from hub.answers import BulkAnswer
from hub.cli import looks
from hub.cli.hub_api import HubApi, Refused, segment
from hub.cli.job_filters import filter_flags, take_filter
from hub.cli.job_view import FullJob, show_job
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.http.shapes import History, JobList
from hub.records import Job

_PAGE: Final = 500
_DONE: Final = {"cancel": "cancelled", "retry": "retried", "purge": "purged"}


@click.group("jobs")
def jobs_group() -> None:
    """List, show, cancel, retry and purge jobs."""


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


def _action(name: str, explained: str) -> click.Command:
    @jobs_group.command(name, help=explained)
    @click.argument("job_ids", nargs=-1, metavar="[JOB_ID]...")
    @filter_flags
    @click.option("--dry-run", is_flag=True, help="Only say how many it would be.")
    @click.option("--yes", "-y", is_flag=True, help="Do not ask.")
    @settings_flags(CLIENT)
    @json_flag
    def act(
        job_ids: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool, **flags: Any
    ) -> None:
        chosen = take_filter(flags)
        if bool(job_ids) == bool(chosen):
            raise click.UsageError(
                "name jobs by JOB_ID, or choose them by filters such as --status"
            )
        wanted: dict[str, Any] = {"ids": list(job_ids)} if job_ids else {"filter": chosen}
        with HubApi(settings_from(flags)) as api:
            if chosen and not dry_run and not yes:
                _ask(name, _bulk(api, name, wanted, dry_run=True))
            answer = _bulk(api, name, wanted, dry_run=dry_run)
        _report(answer, as_json)

    return act


for _name, _explained in (
    ("cancel", "Cancel jobs: those named, or those that pass the filters. Final at once."),
    ("retry", "Start a new run of finished jobs: those named, or those that pass the filters."),
    ("purge", "Delete finished jobs: those named, or those that pass the filters."),
):
    _action(_name, _explained)


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


def _bulk(api: HubApi, action: str, wanted: dict[str, Any], *, dry_run: bool) -> BulkAnswer:
    """Act on all jobs chosen, as many calls as it takes; the answers are added up."""
    total = BulkAnswer(action, dry_run, 0, 0, [], None)
    cursor: str | None = None
    while True:
        body = {"action": action, "dry_run": dry_run, **wanted}
        answer = api.post(
            "/api/jobs/bulk", BulkAnswer, body | ({"cursor": cursor} if cursor else {})
        )
        total = msgspec.structs.replace(
            total,
            matched=total.matched + answer.matched,
            changed=total.changed + answer.changed,
            errors=[*total.errors, *answer.errors],
        )
        cursor = answer.cursor
        if cursor is None:
            return total


def _ask(action: str, forecast: BulkAnswer) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("--yes is needed where nobody can be asked")
    click.confirm(
        f"{_jobs(forecast.changed)} will be {_DONE[action]}. Go on?", abort=True, err=True
    )


def _report(answer: BulkAnswer, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        would = "would be " if answer.dry_run else ""
        click.echo(f"{_jobs(answer.changed)} {would}{_DONE[answer.action]}")
    for error in answer.errors:
        click.echo(f"{error.job_id}: {error.message}", err=True)
    if answer.errors:
        verb = "was" if len(answer.errors) == 1 else "were"
        raise Refused(f"{_jobs(len(answer.errors))} {verb} left alone")


def _jobs(count: int) -> str:
    return f"{count:,} job" if count == 1 else f"{count:,} jobs"
