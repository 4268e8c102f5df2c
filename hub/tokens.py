"""Tokens with a name and a role: shown once, stored as a digest, found by the name that they carry.

A token is `jobhub_<name>.<secret>` with 256 random bits, so a plain SHA-256 of the secret is enough:
there is nothing to guess. The name in it makes the look-up one HGET and leaves only digests to compare,
in constant time.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from hashlib import sha256
from typing import Annotated, Final

import msgspec
import redis
from msgspec import Meta

from hub.errors import Conflict, InvalidInput, LimitReached, NotFound
from hub.messages import Inbound
from hub.redis_service import RedisService
from hub.roles import RESERVED, Caller, Role

TOKENS_MAX: Final = 1_000
NAME_CHARS: Final = 64
NAME_PATTERN: Final = r"^[A-Za-z0-9_.@-]+$(?!\n)"
_PREFIX: Final = "jobhub_"
_SECRET_BYTES: Final = 32
_USED: Final = "used "  # before a name, which has no space: when the token was last used
_USE_NOTED_EVERY_MS: Final = 60_000  # a write a minute a token, whatever it is used for
_ANY_KNOWN_S: Final = 1.0

PrincipalName = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS, pattern=NAME_PATTERN)]


class TokenRequest(Inbound, frozen=True, kw_only=True):
    """A token to make."""

    name: PrincipalName
    role: Role


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a token. `last_used_at` is exact to a minute, null before the first use."""

    name: str
    role: Role
    created_at: int
    created_by: str
    last_used_at: int | None = None


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token just made; `token` is shown this once."""

    name: str
    role: Role
    token: str


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    role: Role
    digest: str
    created_at: int
    created_by: str


class Tokens:
    """The tokens of one namespace."""

    def __init__(self, service: RedisService) -> None:
        self._redis = service.redis
        self._key = service.keys.key("tokens")
        self._noted: dict[
            str, int
        ] = {}  # name → last use noted; at most as many as there were tokens
        self._any: bool | None = None  # whether there is one; None: not known yet
        self._any_until = 0.0

    def any(self) -> bool:
        """Whether there is a token, as of the last second.

        Raises: redis.RedisError: it was never known.
        Redis:  HLEN, once a second.
        """
        if time.monotonic() >= self._any_until:
            if self._any is not None:
                # One asks; whoever comes meanwhile goes by what was known, or a storm would fill Redis' door.
                self._any_until = time.monotonic() + _ANY_KNOWN_S
            try:
                self._any = bool(self._redis.hlen(self._key))
            except redis.RedisError:
                if self._any is None:
                    raise
                # What was known holds: an open hub serves on from its memory, a closed one asks for tokens.
            self._any_until = time.monotonic() + _ANY_KNOWN_S
        return bool(self._any)

    def find(self, given: str) -> Caller | None:
        """Tell whose token it is; None when nobody's (any more). Redis: HGET."""
        name, separator, secret = given.removeprefix(_PREFIX).rpartition(".")
        if not separator or len(name) > NAME_CHARS or not re.match(NAME_PATTERN, name):
            return None
        raw = self._redis.hget(self._key, name)
        stored = msgspec.json.decode(raw, type=_Stored) if raw else None
        if stored is None or not hmac.compare_digest(_digest(secret), stored.digest):
            return None
        self._note_use(name)
        return Caller(name, stored.role, name)

    def create(self, request: TokenRequest, *, created_by: str, rooted: bool) -> NewToken:
        """Make a token.

        Args:   rooted: whether JOBHUB_TOKEN is set; where it is not, the first token closes the hub and must
                be an operator's, or nobody could make another.
        Raises: InvalidInput, LimitReached; Conflict: the name is taken.
        """
        if request.name in RESERVED:
            raise InvalidInput("is a name of the hub's own", field="name")
        held = self.all()
        if len(held) >= TOKENS_MAX:
            raise LimitReached(f"at most {TOKENS_MAX} tokens are kept", field="name")
        if not rooted and not held and request.role != "operator":
            raise InvalidInput(
                "the first token must be an operator's: it closes the hub to everybody without one",
                field="role",
            )
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        stored = _Stored(
            role=request.role,
            digest=_digest(secret),
            created_at=int(time.time() * 1000),
            created_by=created_by,
        )
        if not self._redis.hsetnx(self._key, request.name, msgspec.json.encode(stored)):
            raise Conflict(f"there is a token {request.name}", field="name", code="name_taken")
        self._redis.hdel(self._key, _USED + request.name)
        self._any_until = 0.0
        return NewToken(
            name=request.name, role=request.role, token=f"{_PREFIX}{request.name}.{secret}"
        )

    def all(self) -> list[Token]:
        """List the tokens by name. Redis: HGETALL, O(tokens)."""
        held = {name.decode(): raw for name, raw in self._redis.hgetall(self._key).items()}
        found = []
        for name in sorted(name for name in held if not name.startswith(_USED)):
            stored = msgspec.json.decode(held[name], type=_Stored)
            used = held.get(_USED + name)
            found.append(
                Token(
                    name=name,
                    role=stored.role,
                    created_at=stored.created_at,
                    created_by=stored.created_by,
                    last_used_at=int(used) if used else None,
                )
            )
        return found

    def revoke(self, name: str, *, rooted: bool) -> None:
        """End a token; requests with it are refused from now on, open sockets stay until they close.

        Raises: NotFound. Conflict: without JOBHUB_TOKEN, the last operator's goes last.
        """
        held = self.all()
        token = next((token for token in held if token.name == name), None)
        if token is None:
            raise NotFound(f"no token {name}", field="name")
        operators = sum(token.role == "operator" for token in held)
        if not rooted and token.role == "operator" and operators == 1 and len(held) > 1:
            raise Conflict(
                "is the last operator's: revoke the others first, or set JOBHUB_TOKEN",
                field="name",
                code="last_operator",
            )
        self._redis.hdel(self._key, name, _USED + name)
        self._any_until = 0.0

    def _note_use(self, name: str) -> None:
        now_ms = int(time.time() * 1000)
        if now_ms - self._noted.get(name, 0) >= _USE_NOTED_EVERY_MS:
            self._noted[name] = now_ms
            self._redis.hset(self._key, _USED + name, now_ms)


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
