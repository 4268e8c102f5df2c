"""Where a job stands in the line, and about when its turn comes."""

from __future__ import annotations

from typing import Final

import msgspec

from hub.job_reader import read_job
from hub.redis_service import RedisService
from hub.states import JobStatus

_RATE_OVER_S: Final = 60


class QueuePlace(msgspec.Struct, frozen=True):
    """A job's place in line: 1 is next, null when it does not wait in line.

    `estimated_start_at` (Unix ms) assumes that jobs go on being started at `starts_per_s`, the rate of
    the last minute, in the order of the line; null when nothing was started or its queue is paused. For
    a scheduled job it is its `run_at`, for one that was started its `started_at`.
    """

    job_id: str
    status: JobStatus
    position: int | None
    pending: int
    starts_per_s: float
    estimated_start_at: int | None


class _Second(msgspec.Struct):
    second: int
    started: int


class PlaceReader:
    """Looks up jobs in the line of one namespace."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def place(self, job_id: str) -> QueuePlace:
        """Read a job's place in line.

        Raises: NotFound. Redis: two round trips, O(log pending).
        """
        job = read_job(self._service, job_id)
        keys = self._service.keys
        with self._service.redis.pipeline(transaction=True) as pipe:
            pipe.zrank(keys.key("pending"), f"{job.order_key}:{job_id}")
            pipe.zcard(keys.key("pending"))
            pipe.sismember(keys.key("paused"), job.job_type)
            pipe.lrange(keys.key("stats"), -_RATE_OVER_S, -1)
            pipe.hget(keys.meta, "last_ms")
            rank, pending, paused, stats, last_ms = pipe.execute()
        now = int(last_ms or 0)
        rate = _starts_per_s([msgspec.json.decode(item, type=_Second) for item in stats], now)
        start_at = job.run_at if job.status == "scheduled" else job.started_at
        if rank is None or job.status != "pending":
            return QueuePlace(job_id, job.status, None, pending, rate, start_at)
        start_at = None if paused or not rate else now + int((rank + 1) / rate * 1000)
        return QueuePlace(job_id, job.status, rank + 1, pending, rate, start_at)


def _starts_per_s(seconds: list[_Second], now_ms: int) -> float:
    recent = now_ms // 1000 - _RATE_OVER_S
    return sum(second.started for second in seconds if second.second >= recent) / _RATE_OVER_S
