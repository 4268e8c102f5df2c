"""taskiq: a Redis stream and two worker processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import redis
from redis import asyncio as redis_asyncio
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from bench.throughput.peers.interface import LATENCIES, REDIS_URL, ResultKeys, System

_AT_ONCE = 100

connection = redis.Redis.from_url(REDIS_URL)
async_connection = redis_asyncio.Redis.from_url(REDIS_URL)
broker = RedisStreamBroker(REDIS_URL).with_result_backend(
    RedisAsyncResultBackend(REDIS_URL, prefix_str="result")
)


@broker.task
async def noop(payload: str) -> int:
    """Do nothing."""
    return 1


@broker.task
async def stamp(sent_ns: int) -> int:
    """Note the wait."""
    await async_connection.rpush(LATENCIES, time.time_ns() - sent_ns)
    return 1


class Taskiq(System):
    """Results are keys; everything else about the database stays as it is."""

    def __init__(self, groups: Sequence[int]) -> None:
        super().__init__(groups)
        self._results = ResultKeys(connection, "result*")
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(broker.startup())

    def submit(self, payload: str) -> None:
        """Kick one task."""
        self._loop.run_until_complete(noop.kiq(payload))

    def submit_many(self, payloads: Sequence[str]) -> None:
        """Kick tasks, a hundred at a time."""

        async def kick() -> None:
            for start in range(0, len(payloads), _AT_ONCE):
                chunk = payloads[start : start + _AT_ONCE]
                await asyncio.gather(*(noop.kiq(item) for item in chunk))

        self._loop.run_until_complete(kick())

    def submit_stamp(self, sent_ns: int) -> None:
        """Kick one task."""
        self._loop.run_until_complete(stamp.kiq(sent_ns))

    def left(self, submitted: int) -> int:
        """Count the results that are missing."""
        return self._results.left(submitted)

    def close(self) -> None:
        """End the broker's connections."""
        self._loop.run_until_complete(broker.shutdown())
