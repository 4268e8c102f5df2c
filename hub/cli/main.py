"""`jobhub`: the group of all commands, and how failures reach a terminal.

Status 0: done. 1: it did not work (refused, not found, no connection). 2: the command line or a
setting is wrong. A failure is one sentence on standard error that names the field.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from hub.cli.plain import plain
from hub.errors import JobhubError

FAILED: Final = 1

# Where each command is, in the order in which a newcomer meets them. Only the one that runs is imported:
# all of them together take a quarter of a second.
_COMMANDS: Final = {
    "up": "up:up_command",
    "hub": "servers:hub_command",
    "dashboard": "servers:dashboard_command",
    "worker": "worker:worker_command",
    "submit": "submit:submit_command",
    "jobs": "jobs:jobs_group",
    "queues": "fleet:queues_group",
    "workers": "fleet:workers_group",
    "mark": "mark:mark_command",
    "tail": "tail:tail_command",
    "top": "top:top_command",
    "export": "export:export_group",
    "replay": "replay:replay_command",
    "token": "tokens:token_group",
    "user": "users:user_group",
    "audit": "audit:audit_command",
    "config": "config:config_command",
    "doctor": "doctor:doctor_command",
    "chaos": "chaos:chaos_command",
}


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
        """Name the commands in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was named; None when there is no such command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"hub.cli.{module}"), name)
        return command


@click.group(cls=Jobhub, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jobhub")
@click.option("--debug", is_flag=True, help="Show the stack trace of an unexpected failure.")
def main(debug: bool) -> None:
    """A job hub with a live analytics dashboard.

    Settings are variables (JOBHUB_PORT=9000) or flags of the same name (--port 9000), which win;
    `jobhub config` shows them. Status: 0 done, 1 failed, 2 wrong command line or setting.
    """


def _fail(sentence: str) -> None:
    click.echo(f"jobhub: {plain(sentence)}", err=True)
    sys.exit(FAILED)
