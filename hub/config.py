"""Settings: environment variables `JOBHUB_*` and `REDIS_URL`; flags of the same names win.

An unknown variable is an error, so that a typing mistake is not silence. docs/settings.md
describes each; a test fails when one is missing there.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from hub.errors import InvalidInput
from hub.logs import LogFormat, LogLevel

PREFIX: Final = "JOBHUB_"

# What msgspec says of a wrong value, as somebody says it who sets a variable.
_IN_WORDS: Final = (
    (r"^Expected `int`, got .*", "must be a whole number"),
    (r"^Expected `float`, got .*", "must be a number"),
    (r"^Expected `bool`, got .*", "must be on or off"),
    (r"^Expected `(?:int|float)` >= (\S+)", r"must be at least \1"),
    (r"^Expected `(?:int|float)` <= (\S+)", r"must be at most \1"),
    (r"^Expected `float` > 0\.0", "must be above 0"),
    (r"^Expected `str` of length >= 1$", "must not be empty"),
    (r"^Expected `str` of length <= (\d+)", r"must be at most \1 characters long"),
    (r"^Expected `str` matching regex .*", "takes letters, digits, _ . and - only"),
    (r"^Invalid enum value (.*)", r"there is no choice \1"),
)

Port = Annotated[int, Meta(ge=0, le=65_535)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
HeaderName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")]
PositiveInt = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its default. A comma separates the items of a list."""

    host: str = "127.0.0.1"
    port: Port = 8000
    dashboard_port: Port = 8050
    hub_url: str = ""  # from host and port
    public_hub_url: str = ""  # hub_url
    allowed_hosts: list[str] = []  # the hosts of the URLs above and loopback
    allowed_origins: list[str] = []  # the dashboard on loopback
    presets: list[str] = []  # NAME=URL of hubs that the connection bar offers
    data_dir: str = ""  # the user's data directory
    namespace: Name = "jobhub"
    token: str | None = None
    trusted_user_header: HeaderName | None = None
    trusted_proxies: list[str] = []  # addresses or networks whose X-Forwarded-For is believed
    max_connections: Annotated[int, Meta(ge=10, le=100_000)] = 10_000
    request_s: Seconds = 20.0
    requests_per_s: PositiveInt = 2_000
    log_format: LogFormat = "text"
    log_level: LogLevel = "warning"
    lease_s: Seconds = 30.0
    heartbeat_s: Seconds = 10.0
    accept_s: Seconds = 5.0
    stats_broadcast: bool = False
    fsync: Literal["everysec", "always"] = "everysec"
    keep_finished: PositiveInt = 100_000
    keep_finished_s: PositiveInt = 604_800
    stream_events: Annotated[int, Meta(ge=1_000)] = 100_000
    ring_events: Annotated[int, Meta(ge=100)] = 10_000
    monitor_burst_bytes: Annotated[int, Meta(ge=65_536)] = 524_288
    monitor_outbox_bytes: Annotated[int, Meta(ge=65_536)] = 1_048_576
    redis_url: str | None = None


class Setting(msgspec.Struct, frozen=True):
    """A value and where it came from, for `jobhub config`."""

    name: str
    value: Any
    source: Literal["default", "environment", "flag", "derived"]


def load_settings(
    environ: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> Settings:
    """Read the settings.

    Args:   environ: os.environ by default. flags: by field name; None values count as not given.
    Raises: InvalidInput: a variable is unknown or its value is wrong; the field names the variable.
    """
    given = {name: setting.value for name, setting in _given(environ, flags).items()}
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong_value(str(error)) from None
    outside = published_names(settings)
    settings = msgspec.structs.replace(settings, **_derived(settings))
    if settings.token is None and not is_loopback(settings.host):
        raise InvalidInput(
            f"{settings.host} can be reached from outside: set {PREFIX}TOKEN, "
            "or keep the loopback address 127.0.0.1",
            field=f"{PREFIX}HOST",
        )
    if settings.token is None and outside:
        raise InvalidInput(
            f"{outside[0]} is how others reach the hub, through a proxy: set {PREFIX}TOKEN too",
            field=f"{PREFIX}TOKEN",
        )
    if settings.heartbeat_s >= settings.lease_s:
        raise InvalidInput(
            f"must be shorter than the lease of {settings.lease_s:g} s",
            field=f"{PREFIX}HEARTBEAT_S",
        )
    return settings


def describe_settings(
    environ: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> list[Setting]:
    """List every setting in force with its source; secrets are masked."""
    settings = load_settings(environ, flags)
    given = _given(environ, flags)
    derived = _derived(load_settings(environ, flags))
    found = []
    for name in Settings.__struct_fields__:
        value = getattr(settings, name)
        if name in given:
            source = given[name].source
        else:
            source = "derived" if name in derived and value else "default"
        if value and name in ("token", "redis_url"):
            value = _masked(name, value)
        found.append(Setting(variable(name), value, source))
    return found


def variable(field: str) -> str:
    """Name the environment variable of a field."""
    return "REDIS_URL" if field == "redis_url" else PREFIX + field.upper()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def published_names(settings: Settings) -> list[str]:
    """List the names under which others are meant to reach this machine through a proxy."""
    urls = [
        *settings.allowed_origins,
        *([settings.public_hub_url] if settings.public_hub_url else []),
    ]
    named = [*settings.allowed_hosts, *(urlsplit(url).hostname or url for url in urls)]
    return [name for name in named if not is_loopback(name)]


def environment(settings: Settings) -> dict[str, str]:
    """Write settings as variables, for a child process that shall see the same."""
    variables = {}
    for name in Settings.__struct_fields__:
        value = getattr(settings, name)
        if value is None or value == []:
            continue
        if isinstance(value, list):
            value = ",".join(value)
        elif isinstance(value, bool):
            value = "on" if value else "off"
        variables[variable(name)] = str(value)
    return variables


def _given(
    environ: Mapping[str, str] | None, flags: Mapping[str, Any] | None
) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    fields = {variable(name): name for name in Settings.__struct_fields__}
    for name, text in (os.environ if environ is None else environ).items():
        if name in fields:
            found[fields[name]] = Setting(name, _parse(fields[name], text), "environment")
        elif name.startswith(PREFIX):
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InvalidInput(f"there is no setting of this name{hint}", field=name)
    for name, value in (flags or {}).items():
        if value is not None:
            text = _parse(name, value) if isinstance(value, str) else value
            found[name] = Setting(variable(name), text, "flag")
    return found


def _parse(field: str, text: str) -> Any:
    default = getattr(Settings(), field)
    if isinstance(default, list):
        return [item.strip() for item in text.split(",") if item.strip()]
    if isinstance(default, bool):
        words = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
        return words.get(text.strip().lower(), text)
    return text


def _derived(settings: Settings) -> dict[str, Any]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    hub_url = (settings.hub_url or f"http://{host}:{settings.port}").rstrip("/")
    public_hub_url = (settings.public_hub_url or hub_url).rstrip("/")
    port = settings.dashboard_port
    return {
        "hub_url": hub_url,
        "public_hub_url": public_hub_url,
        "allowed_origins": settings.allowed_origins
        or [f"http://{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")],
        "presets": settings.presets or [f"This hub={public_hub_url}"],
        "data_dir": settings.data_dir or _default_data_dir(),
    }


def _default_data_dir() -> str:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return str(Path(base) / "jobhub")


def _wrong_value(text: str) -> InvalidInput:
    sentence, _, path = text.partition(" - at `$.")
    name = path.rstrip("`").partition("[")[0]
    for pattern, words in _IN_WORDS:
        sentence = re.sub(pattern, words, sentence)
    return InvalidInput(sentence, field=variable(name) if name else None)


def _masked(name: str, value: str) -> str:
    if name == "token":
        return "********"
    scheme, separator, rest = value.partition("://")
    credentials, at, place = rest.rpartition("@")
    place = re.sub(r"(password=)[^&]*", r"\1****", place)
    return f"{scheme}{separator}{'****@' if at and credentials else ''}{place}"
