"""What the dashboard takes from the settings: its hub, the presets, who may load it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from dashboard.addresses import Network, read_proxies
from hub.config import Settings, is_loopback
from hub.errors import InvalidInput

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SOCKET_SCHEMES: Final = {"http": "ws", "https": "wss"}


class Preset(msgspec.Struct, frozen=True):
    """A hub that the connection bar offers, as browsers reach it."""

    name: str
    url: str


class DashboardConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The dashboard's own view of the settings."""

    hub_url: str  # where the dashboard's server finds the hub
    token: str | None
    public: bool  # whether others than this machine can reach it: then everybody signs in
    trusted_user_header: str | None
    trusted_proxies: tuple[Network, ...]
    presets: tuple[Preset, ...]
    hosts: frozenset[str]
    origins: frozenset[str]

    @property
    def connect_sources(self) -> tuple[str, ...]:
        """Every origin that a page may open a socket to, for the content security policy."""
        found: dict[str, None] = {}
        for preset in self.presets:
            parts = urlsplit(preset.url)
            found[f"{_SOCKET_SCHEMES[parts.scheme]}://{parts.netloc}"] = None
        return tuple(found)


def read_config(settings: Settings) -> DashboardConfig:
    """Take over what concerns the dashboard.

    Raises: InvalidInput: a preset is not NAME=URL, or a proxy no address.
    """
    named = {urlsplit(origin).hostname or "" for origin in settings.allowed_origins}
    return DashboardConfig(
        hub_url=settings.hub_url,
        token=settings.token,
        public=not all(map(is_loopback, (settings.host, *settings.allowed_hosts, *named))),
        trusted_user_header=settings.trusted_user_header,
        trusted_proxies=read_proxies(settings.trusted_proxies),
        presets=tuple(_read_preset(text) for text in settings.presets),
        hosts=_LOOPBACK
        | named
        | {name.lower() for name in (settings.host, *settings.allowed_hosts)},
        origins=frozenset(settings.allowed_origins),
    )


def _read_preset(text: str) -> Preset:
    name, separator, url = (part.strip() for part in text.partition("="))
    parts = urlsplit(url)
    if not (separator and name and parts.hostname) or parts.scheme not in _SOCKET_SCHEMES:
        raise InvalidInput(
            f"{text!r} is not NAME=URL with an http or https URL", field="JOBHUB_PRESETS"
        )
    return Preset(name, url.rstrip("/"))
