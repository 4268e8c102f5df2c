"""The filter flags that listing, bulk actions and export share, in the words of the HTTP API."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import click

from hub.states import JOB_STATUSES

F = TypeVar("F", bound=Callable[..., Any])

_AGO: Final = re.compile(r"^(\d+(?:\.\d+)?)([smhd])$")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_MS_DIGITS: Final = 11  # a shorter number cannot be Unix milliseconds of our time


class Moment(click.ParamType[int | None]):
    """A time: `2h` (so long ago), ISO 8601, or Unix milliseconds; becomes the last."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Read one of the three forms."""
        ago = _AGO.match(value)
        if ago:
            return int((time.time() - float(ago[1]) * _SECONDS[ago[2]]) * 1_000)
        if value.isdigit() and len(value) >= _MS_DIGITS:
            return int(value)
        try:
            return int(datetime.fromisoformat(value).timestamp() * 1_000)
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value} is neither 2h (ago), 2026-01-31T12:00 nor Unix milliseconds")


FILTERS: Final = (
    "status",
    "job_type",
    "worker_id",
    "workflow_id",
    "customer_id",
    "submitted_by",
    "q",
    "submitted_from",
    "submitted_to",
    "finished_from",
    "finished_to",
    "priority_min",
    "priority_max",
)


def filter_flags(command: F) -> F:
    """Give a command the flags that choose jobs."""
    when = Moment()
    for option in reversed(
        (
            click.option(
                "--status",
                multiple=True,
                type=click.Choice(JOB_STATUSES),
                help="Jobs of this state; may be given several times.",
            ),
            click.option("--job-type", metavar="TYPE", help="Jobs of this type."),
            click.option("--worker-id", metavar="ID", help="Jobs of this worker."),
            click.option("--workflow-id", metavar="ID", help="Jobs of this workflow."),
            click.option("--customer-id", metavar="ID", help="Jobs of this customer."),
            click.option("--submitted-by", metavar="NAME", help="Jobs of this token."),
            click.option("--q", metavar="TEXT", help="Beginning of the id, or exact error type."),
            click.option("--submitted-from", type=when, help="Submitted then or later (2h: ago)."),
            click.option("--submitted-to", type=when, help="Submitted before."),
            click.option("--finished-from", type=when, help="Finished then or later."),
            click.option("--finished-to", type=when, help="Finished before."),
            click.option("--priority-min", type=int, help="Of at least this priority."),
            click.option("--priority-max", type=int, help="Of at most this priority."),
        )
    ):
        command = option(command)
    return command


def take_filter(flags: dict[str, Any]) -> dict[str, Any]:
    """Take the filter out of a command's arguments; what was not given is not in it."""
    given = {name: flags.pop(name) for name in FILTERS}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
        if value is not None and value != ()
    }
