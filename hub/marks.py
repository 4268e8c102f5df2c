"""Marks on the time line: deploys, incidents and notes that charts show."""

from __future__ import annotations

import secrets
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hub.answers import Mark, MarkKind
from hub.messages import Inbound, TimeMs
from hub.redis_service import RedisService

MARKS_KEPT: Final = 1_000


class MarkRequest(Inbound, frozen=True, kw_only=True):
    """A mark to set; now, if it has no time."""

    label: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: MarkKind = "note"
    at: TimeMs | None = None


class Marks:
    """Keeps the newest thousand marks of a namespace; older ones make room."""

    def __init__(self, service: RedisService) -> None:
        self._redis = service.redis
        self._key = service.keys.key("marks")

    def add(self, request: MarkRequest) -> Mark:
        """Set a mark. Redis: TIME, ZADD and ZREMRANGEBYRANK."""
        at = request.at
        if at is None:
            seconds, microseconds = self._redis.time()
            at = seconds * 1000 + microseconds // 1000
        mark = Mark(mark_id=secrets.token_hex(6), at=at, kind=request.kind, label=request.label)
        self._redis.zadd(self._key, {msgspec.json.encode(mark): at})
        self._redis.zremrangebyrank(self._key, 0, -MARKS_KEPT - 1)
        return mark

    def between(self, from_ms: int, to_ms: int) -> list[Mark]:
        """List marks in [from_ms, to_ms], oldest first."""
        found = self._redis.zrangebyscore(self._key, from_ms, to_ms)
        return [msgspec.json.decode(raw, type=Mark) for raw in found]
