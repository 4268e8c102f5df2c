"""`jobhub jobs cancel`, `retry`, `purge`, `priority`: one action on jobs named or chosen by filters."""

from __future__ import annotations

import sys
from typing import Any, Final

import click
import msgspec

from hub.answers import Action, BulkAnswer
from hub.cli.hub_api import HubApi, Refused
from hub.cli.job_filters import filter_flags, take_filter
from hub.cli.output import json_flag, print_json
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from

_ERRORS_SHOWN: Final = 20  # --json has them all
_DONE: Final = {
    "cancel": "cancelled",
    "retry": "retried",
    "purge": "purged",
    "priority": "given another priority",
}


def _action(name: Action, explained: str) -> click.Command:
    @click.command(name, help=explained)
    @click.argument("job_ids", nargs=-1, metavar="[JOB_ID]...")
    @_action_flags
    def act(job_ids: tuple[str, ...], **flags: Any) -> None:
        _act(name, job_ids, None, **flags)

    return act


def _action_flags(command: Any) -> Any:
    """The flags that every action has: which jobs, whether to ask, and how to answer."""
    for flag in (
        json_flag,
        settings_flags(CLIENT),
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        click.option("--dry-run", is_flag=True, help="Only say how many it would be."),
        filter_flags,
    ):
        command = flag(command)
    return command


@click.command("priority")
@click.argument("priority", type=click.IntRange(0, 100))
@click.argument("job_ids", nargs=-1, metavar="[JOB_ID]...")
@_action_flags
def _priority(priority: int, job_ids: tuple[str, ...], **flags: Any) -> None:
    """Give waiting jobs another PRIORITY, high first: those named, or those that pass the filters."""
    _act("priority", job_ids, priority, **flags)


ACTIONS: Final = (
    _action("cancel", "Cancel jobs: those named, or those that pass the filters. Final at once."),
    _action(
        "retry",
        "Start a new run of finished jobs: those named, or those that pass the filters.",
    ),
    _action("purge", "Delete finished jobs: those named, or those that pass the filters."),
    _priority,
)


def _act(
    action: Action,
    job_ids: tuple[str, ...],
    priority: int | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    chosen = take_filter(flags)
    if bool(job_ids) == bool(chosen):
        raise click.UsageError("name jobs by JOB_ID, or choose them by filters such as --status")
    wanted: dict[str, Any] = {"ids": list(job_ids)} if job_ids else {"filter": chosen}
    if priority is not None:
        wanted["priority"] = priority
    with HubApi(settings_from(flags)) as api:
        if chosen and not dry_run and not yes:
            _ask(action, _bulk(api, action, wanted, dry_run=True))
        answer = _bulk(api, action, wanted, dry_run=dry_run)
    _report(answer, as_json)


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
    for error in answer.errors[:_ERRORS_SHOWN]:
        click.echo(f"{error.job_id}: {error.message}", err=True)
    if len(answer.errors) > _ERRORS_SHOWN:
        click.echo(f"… and {len(answer.errors) - _ERRORS_SHOWN:,} more", err=True)
    if answer.errors:
        verb = "was" if len(answer.errors) == 1 else "were"
        raise Refused(f"{_jobs(len(answer.errors))} {verb} left alone")


def _jobs(count: int) -> str:
    return f"{count:,} job" if count == 1 else f"{count:,} jobs"
