"""Settings as flags: `--lease-s 5` is JOBHUB_LEASE_S=5, and wins over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from hub.config import Settings, load_settings, variable
from hub.errors import InvalidInput

F = TypeVar("F", bound=Callable[..., Any])

# What each setting is for, in words that fit a line of --help; docs/settings.md says more.
SENTENCES: Final[dict[str, str]] = {
    "host": "Address to listen on",
    "port": "Port of the hub; 0 takes a free one",
    "dashboard_port": "Port of the dashboard; 0 takes a free one",
    "hub_url": "Where to find the hub",
    "public_hub_url": "Where browsers find the hub",
    "allowed_hosts": "Further host names that the hub answers to",
    "allowed_origins": "Origins of pages that may use the hub",
    "presets": "NAME=URL of hubs that the dashboard offers",
    "data_dir": "Where the embedded Redis keeps its data",
    "namespace": "Prefix of every key in Redis",
    "token": "Secret that every request must bring; the variable hides it from `ps`",
    "trusted_user_header": "Header in which a proxy with SSO names who looks at the dashboard",
    "trusted_proxies": "Addresses of proxies that say in X-Forwarded-For who signs in",
    "max_connections": "How many connections a hub holds; further ones get 503",
    "request_s": "How long a request may take to arrive",
    "requests_per_s": "How many requests a token may make a second; further ones get 429",
    "log_format": "text or json: how servers write their log",
    "log_level": "warning, or info for a line a request as well",
    "lease_s": "How long a silent worker keeps its jobs",
    "heartbeat_s": "How often a worker renews its leases",
    "accept_s": "How long a worker may take to accept a job",
    "stats_broadcast": "on: offer polling monitors a full push every 2 s",
    "fsync": "everysec or always: when the embedded Redis writes to disk",
    "keep_finished": "How many finished jobs are kept",
    "keep_finished_s": "How long finished jobs are kept",
    "stream_events": "How many events Redis keeps at least",
    "ring_events": "How many events a hub keeps in memory",
    "monitor_burst_bytes": "What a monitor may be sent beyond what polling would send",
    "monitor_outbox_bytes": "How far a monitor may fall behind",
    "redis_url": "Redis to use instead of the embedded one",
}

_NOT_OF_THE_HUB: Final = frozenset({"presets", "trusted_user_header", "trusted_proxies"})
HUB: Final = tuple(name for name in Settings.__struct_fields__ if name not in _NOT_OF_THE_HUB)
DASHBOARD: Final = (
    "host",
    "dashboard_port",
    "hub_url",
    "public_hub_url",
    "allowed_hosts",
    "allowed_origins",
    "presets",
    "token",
    "trusted_user_header",
    "trusted_proxies",
    "request_s",
    "log_format",
    "log_level",
)
CLIENT: Final = ("hub_url", "token")
ALL: Final = Settings.__struct_fields__


def settings_flags(fields: tuple[str, ...]) -> Callable[[F], F]:
    """Give a command the flags of `fields`, as keyword arguments of the same names."""

    def add(command: F) -> F:
        for field in reversed(fields):
            command = click.option(
                f"--{field.replace('_', '-')}",
                field,
                metavar=_metavar(field),
                help=f"{SENTENCES.get(field, field)}.  [{_origin(field)}]",
            )(command)
        return command

    return add


def settings_from(flags: dict[str, Any]) -> Settings:
    """Read the settings with these flags.

    Raises: click.UsageError: one is wrong; status 2.
    """
    try:
        return load_settings(flags=flags)
    except InvalidInput as error:
        raise wrong_setting(error, flags) from None


def wrong_setting(error: InvalidInput, flags: dict[str, Any]) -> click.UsageError:
    """Say which flag or variable is wrong, by the name that the user wrote."""
    for field, given in flags.items():
        if given is not None and variable(field) == error.field:
            return click.UsageError(f"--{field.replace('_', '-')}: {error.message}")
    return click.UsageError(f"{error.field}: {error.message}" if error.field else error.message)


def _metavar(field: str) -> str:
    default = getattr(Settings(), field)
    if isinstance(default, bool):
        return "on|off"
    if isinstance(default, int):
        return "N"
    if isinstance(default, float):
        return "SECONDS"
    return {
        "data_dir": "DIR",
        "fsync": "WHEN",
        "log_format": "FORMAT",
        "log_level": "LEVEL",
        "host": "ADDRESS",
    }.get(field, "URL" if field.endswith("url") else "A,B" if isinstance(default, list) else "TEXT")


def _origin(field: str) -> str:
    default = getattr(Settings(), field)
    if isinstance(default, bool):
        default = "on" if default else "off"
    elif isinstance(default, float):
        default = f"{default:g}"
    return variable(field) + ("" if default in (None, "", []) else f"; {default}")
