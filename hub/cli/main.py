"""`jobhub`: the group of all commands, and how failures reach a terminal.

Status 0: done. 1: it did not work (refused, not found, no connection). 2: the command line or a
setting is wrong. A failure is one sentence on standard error that names the field.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import click

from hub.cli.audit import audit_command
from hub.cli.chaos import chaos_command
from hub.cli.config import config_command
from hub.cli.doctor import doctor_command
from hub.cli.export import export_group
from hub.cli.fleet import queues_group, workers_group
from hub.cli.jobs import jobs_group
from hub.cli.replay import replay_command
from hub.cli.servers import dashboard_command, hub_command
from hub.cli.submit import submit_command
from hub.cli.tail import tail_command
from hub.cli.tokens import token_group
from hub.cli.top import top_command
from hub.cli.up import up_command
from hub.cli.users import user_group
from hub.cli.worker import worker_command
from hub.errors import JobhubError

FAILED: Final = 1


class Jobhub(click.Group):
    """Says what went wrong in one sentence, with status 1, instead of a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except JobhubError as error:
            _fail(f"{error.field}: {error.message}" if error.field else error.message)
        except BrokenPipeError:  # `jobhub tail | head` ends when head does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            name = type(error).__name__
            _fail(f"unexpected {name}: {error} (jobhub --debug … shows where)")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which a newcomer meets them."""
        return list(self.commands)


@click.group(cls=Jobhub, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jobhub")
@click.option("--debug", is_flag=True, help="Show the stack trace of an unexpected failure.")
def main(debug: bool) -> None:
    """A job hub with a live analytics dashboard.

    Settings are variables (JOBHUB_PORT=9000) or flags of the same name (--port 9000), which win;
    `jobhub config` shows them. Status: 0 done, 1 failed, 2 wrong command line or setting.
    """


def _fail(sentence: str) -> None:
    click.echo(f"jobhub: {sentence}", err=True)
    sys.exit(FAILED)


for command in (
    up_command,
    hub_command,
    dashboard_command,
    worker_command,
    submit_command,
    jobs_group,
    queues_group,
    workers_group,
    tail_command,
    top_command,
    export_group,
    replay_command,
    token_group,
    user_group,
    audit_command,
    config_command,
    doctor_command,
    chaos_command,
):
    main.add_command(command)
