"""What Redis holds of jobs, past the hub's own readers: a checker must not share their mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from hub.redis_service import RedisService

_SCANNED: Final = 1_000


class StoredJob(msgspec.Struct, frozen=True):
    """A job as its keys hold it; `rec` is None when there is none."""

    rec: dict[str, Any] | None
    result: bytes | None
    history: list[dict[str, Any]]


def read_jobs(service: RedisService, job_ids: Sequence[str]) -> list[StoredJob]:
    """Read each job, in order. Redis: one round trip."""
    keys = service.keys
    with service.redis.pipeline(transaction=False) as pipe:
        for job_id in job_ids:
            pipe.hmget(keys.of("job", job_id), "rec", "result")
            pipe.lrange(keys.of("history", job_id), 0, -1)
        replies = pipe.execute()
    return [
        StoredJob(
            rec and msgspec.json.decode(rec),
            result,
            [msgspec.json.decode(item) for item in history],
        )
        for (rec, result), history in zip(replies[::2], replies[1::2], strict=True)
    ]


def all_jobs(service: RedisService) -> Iterator[StoredJob]:
    """Give every job that is kept, once, where nothing happens meanwhile."""
    seen: set[str] = set()
    cursor = 0
    while True:
        cursor, names = service.redis.scan(cursor, service.keys.of("job", "*"), _SCANNED)
        found = {name.decode().rpartition(":")[2] for name in names} - seen
        seen |= found
        yield from read_jobs(service, sorted(found))
        if not cursor:
            return
