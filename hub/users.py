"""The people who sign in to the dashboard: name, role and the scrypt digest of a password.

The hub keeps them; the dashboard checks passwords, in threads of its own
(docs/decisions/0013-who-checks-passwords.md).
"""

from __future__ import annotations

import time
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hub.errors import LimitReached, NotFound
from hub.messages import Inbound
from hub.passwords import HASH_PATTERN
from hub.redis_service import RedisService
from hub.roles import ViewRole
from hub.tokens import PrincipalName

USERS_MAX: Final = 10_000


class UserRequest(Inbound, frozen=True, kw_only=True):
    """A user to add or change; without a password digest they come in through a proxy that knows them."""

    name: PrincipalName
    role: ViewRole
    password_hash: Annotated[str, Meta(pattern=HASH_PATTERN)] | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A user; `changed_at` in Unix ms ends the sessions that began before."""

    name: str
    role: ViewRole
    changed_at: int


class UserSecret(User, frozen=True, kw_only=True):
    """A user with the digest that a dashboard checks a password against."""

    password_hash: str | None


class Users:
    """The users of one namespace."""

    def __init__(self, service: RedisService) -> None:
        self._redis = service.redis
        self._key = service.keys.key("users")

    def put(self, request: UserRequest) -> User:
        """Add or replace a user. Redis: HLEN, HSET.

        Raises: LimitReached.
        """
        if self._redis.hlen(self._key) >= USERS_MAX:
            raise LimitReached(f"at most {USERS_MAX} users are kept", field="name")
        user = UserSecret(
            name=request.name,
            role=request.role,
            changed_at=int(time.time() * 1000),
            password_hash=request.password_hash,
        )
        self._redis.hset(self._key, request.name, msgspec.json.encode(user))
        return User(name=user.name, role=user.role, changed_at=user.changed_at)

    def all(self) -> list[User]:
        """List the users by name, without digests. Redis: HGETALL."""
        held = self._redis.hgetall(self._key)
        return [msgspec.json.decode(held[name], type=User) for name in sorted(held)]

    def get(self, name: str) -> UserSecret:
        """Read one with the digest. Raises: NotFound."""
        raw = self._redis.hget(self._key, name)
        if raw is None:
            raise NotFound(f"no user {name}", field="name")
        return msgspec.json.decode(raw, type=UserSecret)

    def remove(self, name: str) -> None:
        """Remove one. Raises: NotFound."""
        if not self._redis.hdel(self._key, name):
            raise NotFound(f"no user {name}", field="name")
