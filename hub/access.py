"""Who may talk to the hub: hosts, origins, tokens and tickets.

The Host check keeps a foreign name that resolves to this machine from reaching the API (DNS
rebinding); the Origin check keeps a foreign page in the user's browser from doing so, WebSocket
upgrades included, which browsers let through from everywhere.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from hub.config import Settings
from hub.errors import AccessDenied, Forbidden
from hub.redis_service import RedisService

TICKET_S: Final = 30
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Access:
    """Checks requests against the settings."""

    def __init__(self, settings: Settings, service: RedisService) -> None:
        self._token = settings.token
        self._service = service
        urls = (settings.hub_url, settings.public_hub_url)
        named = {host for url in urls if (host := urlsplit(url).hostname)}
        self._hosts = _LOOPBACK | named | {settings.host} | set(settings.allowed_hosts)
        self._origins = frozenset(settings.allowed_origins)

    def check_source(self, headers: Headers) -> None:
        """Refuse a request that names another host, or comes from a page of another origin.

        Raises: Forbidden.
        """
        host = headers.get("Host", "")
        if urlsplit(f"//{host}").hostname not in self._hosts:
            raise Forbidden(f"the host {host!r} is not served here", code="host_refused")
        origin = headers.get("Origin")
        if origin is not None and not self.origin_allowed(origin, host):
            raise Forbidden(f"pages of {origin!r} may not use this hub", code="origin_refused")

    def origin_allowed(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may use the hub: the dashboard's, or the hub's own."""
        return origin in self._origins or origin in (f"http://{host}", f"https://{host}")

    def check_token(self, headers: Headers) -> None:
        """Refuse a request without the token, where one is set.

        Raises: AccessDenied.
        """
        if not self.needs_token:
            return
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.accepts_token(given.strip()):
            raise AccessDenied("send Authorization: Bearer with the hub's token")

    @property
    def needs_token(self) -> bool:
        """Whether a token is set."""
        return self._token is not None

    def accepts_token(self, given: str) -> bool:
        """Compare in constant time."""
        return self._token is not None and hmac.compare_digest(
            given.encode("utf-8", "surrogatepass"), self._token.encode()
        )

    def issue_ticket(self) -> str:
        """Make a ticket that opens one monitor socket within 30 s."""
        ticket = secrets.token_urlsafe(24)
        self._service.redis.set(self._service.keys.of("ticket", ticket), "viewer", ex=TICKET_S)
        return ticket

    def accepts(self, token: str | None, ticket: str | None) -> bool:
        """Whether an `auth` message names the token or a ticket; a ticket is used up by that."""
        if token is not None:
            return self.accepts_token(token)
        if ticket is not None:
            key = self._service.keys.of("ticket", ticket)
            return self._service.redis.getdel(key) is not None
        return False
