"""Who may talk to the hub: hosts, origins, tokens and tickets. `hub.roles` says what each may do.

The Host check keeps a foreign name that resolves to this machine from reaching the API (DNS
rebinding); the Origin check keeps a foreign page in the user's browser from doing so, WebSocket
upgrades included, which browsers let through from everywhere. A token counts in the Authorization
header and in a first message `auth` only: URLs end up in logs.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final
from urllib.parse import urlsplit

import msgspec
from werkzeug.datastructures import Headers

from hub.config import Settings
from hub.errors import AccessDenied, Forbidden, InvalidInput
from hub.host_header import name_in
from hub.redis_service import RedisService
from hub.roles import ANONYMOUS, ROOT, Caller, ViewRole
from hub.tokens import Tokens

TICKET_S: Final = 30
ACTOR_HEADER: Final = "Jobhub-Actor"
_ACTOR: Final = re.compile(r"[A-Za-z0-9_.:@/+-]{1,100}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Access:
    """Checks requests against the settings and the tokens."""

    def __init__(self, settings: Settings, service: RedisService) -> None:
        self._root = settings.token
        self._service = service
        self.tokens = Tokens(service)
        urls = (settings.hub_url, settings.public_hub_url)
        named = {host for url in urls if (host := urlsplit(url).hostname)}
        listed = {settings.host, *settings.allowed_hosts}
        self._hosts = _LOOPBACK | named | {name.lower() for name in listed}
        self._origins = frozenset(settings.allowed_origins)

    def check_source(self, headers: Headers) -> None:
        """Refuse a request that names another host, or comes from a page of another origin.

        Raises: Forbidden.
        """
        host = headers.get("Host", "")
        if name_in(host) not in self._hosts:
            raise Forbidden(f"the host {host!r} is not served here", code="host_refused")
        origin = headers.get("Origin")
        if origin is not None and not self.origin_allowed(origin, host):
            raise Forbidden(f"pages of {origin!r} may not use this hub", code="origin_refused")

    def origin_allowed(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may use the hub: the dashboard's, or the hub's own."""
        return origin in self._origins or origin in (f"http://{host}", f"https://{host}")

    @property
    def rooted(self) -> bool:
        """Whether JOBHUB_TOKEN is set."""
        return self._root is not None

    @property
    def open(self) -> bool:
        """Whether no token is configured at all: then everybody is an operator, on loopback."""
        return self._root is None and not self.tokens.any()

    def identify(self, headers: Headers) -> Caller:
        """Tell who asks by the Authorization header; an operator says for whom in `Jobhub-Actor`.

        Raises: AccessDenied: no token, or one that is not known. InvalidInput: the actor is no name.
        """
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        if self.open:
            caller: Caller | None = ANONYMOUS
        elif scheme.lower() == "bearer":
            caller = self._find(given.strip())
        else:
            caller = None
        if caller is None:
            raise AccessDenied("send Authorization: Bearer with a token of this hub")
        return _for_actor(caller, headers.get(ACTOR_HEADER))

    def identify_message(self, token: str | None, ticket: str | None, socket: str) -> Caller:
        """Tell who sent `auth`; a ticket is used up by it and opens monitors only.

        Raises: AccessDenied.
        """
        caller = None
        if token is not None:
            caller = self._find(token)
        elif ticket is not None:
            key = self._service.keys.of("ticket", ticket)
            raw = self._service.redis.getdel(key)
            if raw is not None and socket == "monitor":
                caller = msgspec.json.decode(raw, type=Caller)
        if caller is None:
            raise AccessDenied("the token or ticket is not known")
        return caller

    def issue_ticket(self, caller: Caller, role: ViewRole) -> str:
        """Make a ticket that opens one monitor socket within 30 s.

        Raises: Forbidden: the role is more than the caller has.
        """
        if role == "operator" and caller.role != "operator":
            raise Forbidden("a viewer gets a viewer's ticket", field="role")
        ticket = secrets.token_urlsafe(24)
        ticketed = Caller(caller.name, role, caller.actor)
        key = self._service.keys.of("ticket", ticket)
        self._service.redis.set(key, msgspec.json.encode(ticketed), ex=TICKET_S)
        return ticket

    def _find(self, given: str) -> Caller | None:
        """Tell whose token it is. The root's is compared in constant time, as are all digests."""
        if self._root is not None and hmac.compare_digest(
            given.encode("utf-8", "surrogatepass"), self._root.encode()
        ):
            return ROOT
        return self.tokens.find(given)


def _for_actor(caller: Caller, actor: str | None) -> Caller:
    """Name the person behind an operator's program, such as the dashboard; nobody else may."""
    if actor is None or caller.role != "operator":
        return caller
    if not _ACTOR.fullmatch(actor):
        raise InvalidInput("takes 1 to 100 of A-Z a-z 0-9 _ . : @ / + -", field=ACTOR_HEADER)
    return msgspec.structs.replace(caller, actor=actor)
