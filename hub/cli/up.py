"""`jobhub up`: everything on this machine with one command."""

from __future__ import annotations

import os
import socket
from typing import Any

import click

from hub.cli.servers import require_free
from hub.cli.settings_flags import ALL, settings_flags, settings_from
from hub.cli.supervisor import Supervisor
from hub.config import Settings, environment


@click.command("up")
@click.option(
    "--demo", is_flag=True, help="Add workers and a varied load, so that every graph moves."
)
@settings_flags(ALL)
def up_command(demo: bool, **flags: Any) -> None:
    """Start Redis, hub and dashboard on this machine, and print the dashboard's URL.

    Ctrl-C or SIGTERM ends all of it with status 0; jobs and figures are kept in the data directory.
    Should one part end by itself, the others end too, with status 1.
    """
    settings = _with_ports(settings_from(flags), flags)
    require_free(settings.host, settings.port, "port")
    require_free(settings.host, settings.dashboard_port, "dashboard_port")
    environ = {**os.environ, **environment(settings)}
    with Supervisor() as supervisor:
        hub_url = supervisor.wait_url(supervisor.start("hub", ["hub.cli", "hub"], environ))
        dashboard = supervisor.start("dashboard", ["hub.cli", "dashboard"], environ)
        dashboard_url = supervisor.wait_url(dashboard)
        if hub_url is not None and dashboard_url is not None:
            if demo:
                supervisor.start("workers", ["hub.demo.fleet"], environ)
                supervisor.start("load", ["hub.demo.load"], environ)
            _announce(hub_url, dashboard_url)
        supervisor.run()


def _with_ports(settings: Settings, flags: dict[str, Any]) -> Settings:
    """Choose the ports that were left open: each part must know the other's before it starts."""
    chosen = {
        field: _free_port(settings.host)
        for field in ("port", "dashboard_port")
        if getattr(settings, field) == 0
    }
    return settings_from({**flags, **chosen}) if chosen else settings


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _announce(hub_url: str, dashboard_url: str) -> None:
    click.echo(f"The hub answers on port {hub_url.rpartition(':')[2]}. Open the dashboard:")
    click.echo(dashboard_url)
