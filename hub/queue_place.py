"""Where a job stands in the line, and about when its turn comes."""

from __future__ import annotations

from typing import Final

import msgspec

from hub.answers import QueuePlace
from hub.job_reader import read_job
from hub.matching import Lane
from hub.redis_service import RedisService

_RATE_OVER_S: Final = 60


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
        lane = Lane(job.job_type, job.requirements).lane_id
        with self._service.redis.pipeline(transaction=True) as pipe:
            pipe.zrank(keys.key("pending"), f"{job.order_key}:{job_id}")
            pipe.zcard(keys.key("pending"))
            pipe.sismember(keys.key("paused"), job.job_type)
            pipe.hexists(keys.of("unworkable", job.job_type), lane)
            pipe.lrange(keys.key("stats"), -_RATE_OVER_S, -1)
            pipe.hget(keys.meta, "last_ms")
            rank, pending, paused, unworkable, stats, last_ms = pipe.execute()
        now = int(last_ms or 0)
        rate = _starts_per_s([msgspec.json.decode(item, type=_Second) for item in stats], now)
        start_at = job.run_at if job.status == "scheduled" else job.started_at
        if rank is None or job.status != "pending":
            return QueuePlace(job_id, job.status, None, pending, rate, start_at)
        held = paused or unworkable or not rate
        start_at = None if held else now + int((rank + 1) / rate * 1000)
        return QueuePlace(job_id, job.status, rank + 1, pending, rate, start_at)


def _starts_per_s(seconds: list[_Second], now_ms: int) -> float:
    recent = now_ms // 1000 - _RATE_OVER_S
    return sum(second.started for second in seconds if second.second >= recent) / _RATE_OVER_S
