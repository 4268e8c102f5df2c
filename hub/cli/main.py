"""`jobhub`: the group of all commands, and how failures reach a terminal."""

from __future__ import annotations

import sys
from typing import Any

import click

from hub.cli.servers import hub_command
from hub.errors import JobhubError


class Jobhub(click.Group):
    """Says what went wrong in one sentence, with status 1, instead of a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except JobhubError as error:
            where = f"{error.field}: " if error.field else ""
            click.echo(f"jobhub: {where}{error.message}", err=True)
            sys.exit(1)


@click.group(cls=Jobhub)
@click.version_option(package_name="jobhub")
def main() -> None:
    """A job hub with a live analytics dashboard."""


main.add_command(hub_command)
