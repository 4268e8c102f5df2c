"""`jobhub worker`: runs the worker of a program."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from types import ModuleType
from typing import Any

import click

from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.config import variable
from hub.errors import JobhubError
from hub.worker import Worker, WorkerRefused


@click.command("worker")
@click.argument("target", metavar="MODULE:NAME")
@settings_flags(CLIENT)
def worker_command(target: str, **flags: Any) -> None:
    """Run the worker NAME of the Python module MODULE.

    NAME is a hub.worker.Worker, or a function that makes one; the module is looked for in the current
    directory too. The first SIGTERM or Ctrl-C drains it: what runs is finished. The second one gives
    back what runs.

    \b
    jobhub worker tasks:worker
    """
    settings = settings_from(flags)
    # The module makes its worker when it is imported: it finds the hub by the variables.
    os.environ[variable("hub_url")] = settings.hub_url
    if settings.token is not None:
        os.environ[variable("token")] = settings.token
    worker = _find(target)
    click.echo(
        f"worker {worker.worker_id} works for {settings.hub_url}; Ctrl-C drains it", err=True
    )
    try:
        worker.run()
    except WorkerRefused as refused:
        raise JobhubError(f"the hub refuses this worker: {refused}") from None


def _find(target: str) -> Worker:
    module_name, separator, name = target.partition(":")
    if not separator or not module_name or not name:
        raise click.UsageError(f"MODULE:NAME: {target} is not of this form")
    found = getattr(_import(module_name), name, None)
    if callable(found) and not isinstance(found, Worker):
        found = found()
    if not isinstance(found, Worker):
        raise click.UsageError(f"MODULE:NAME: {module_name} has no worker {name}")
    return found


def _import(name: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise click.UsageError(f"MODULE:NAME: there is no module {name}") from None
        raise _broken(name, error) from None
    except JobhubError:
        raise
    except Exception as error:
        raise _broken(name, error) from None


def _broken(name: str, error: Exception) -> JobhubError:
    """Say what the user's module raised, and where."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return JobhubError(
        f"{name} cannot be imported: {type(error).__name__}: {error} ({last.filename}:{last.lineno})"
    )
