"""Commands that serve until they are told to end: `hub` and `dashboard`."""

from __future__ import annotations

import errno
import socket
from typing import Any

import click

from hub.cli.settings_flags import DASHBOARD, HUB, settings_flags, settings_from
from hub.config import variable
from hub.errors import Unavailable


@click.command("hub")
@settings_flags(HUB)
def hub_command(**flags: Any) -> None:
    """Serve the hub: HTTP API and sockets.

    Prints its URL once it listens. Without a Redis of yours it starts one of its own, whose data
    survive in the data directory. SIGTERM and Ctrl-C end it with status 0.
    """
    settings = settings_from(flags)
    require_free(settings.host, settings.port, "port")
    from hub.serving import serve  # patches the process for gevent: only where it serves

    serve(settings)


@click.command("dashboard")
@settings_flags(DASHBOARD)
def dashboard_command(**flags: Any) -> None:
    """Serve the dashboard of a hub.

    Prints its URL once it listens. SIGTERM and Ctrl-C end it with status 0.
    """
    settings = settings_from(flags)
    require_free(settings.host, settings.dashboard_port, "dashboard_port")
    # By name: the hub's package does not depend on the dashboard's, only this command does.
    from importlib import import_module

    import_module("dashboard.serving").serve(settings)


def require_free(host: str, port: int, field: str) -> None:
    """Say in one sentence that a port cannot be had, before a server says it in twenty lines.

    Raises: Unavailable.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = {
                errno.EADDRINUSE: f"{host}:{port} is in use by another program",
                errno.EACCES: f"{host}:{port} may not be used by this user",
            }.get(error.errno or 0, f"{host} is no address of this machine")
            raise Unavailable(why, field=variable(field)) from None
