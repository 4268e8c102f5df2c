"""SAQ: two processes with 50 jobs at a time each, uvloop and orjson."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import orjson
import redis
import uvloop
from redis import asyncio as redis_asyncio
from saq.queue.redis import RedisQueue

from bench.throughput.peers.interface import LATENCIES, REDIS_URL, System

_AT_ONCE = 100

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
connection = redis.Redis.from_url(REDIS_URL)
queue = RedisQueue(
    redis_asyncio.Redis.from_url(REDIS_URL), name="bench", dump=orjson.dumps, load=orjson.loads
)


async def noop(context: Any, *, payload: str) -> int:
    """Do nothing."""
    return 1


async def stamp(context: Any, *, sent_ns: int) -> int:
    """Note the wait."""
    await queue.redis.rpush(LATENCIES, time.time_ns() - sent_ns)
    return 1


settings = {"queue": queue, "functions": [noop, stamp], "concurrency": 50}


class Saq(System):
    """A job leaves the sorted set of incomplete ones once its result is stored."""

    def __init__(self, groups: Sequence[int]) -> None:
        super().__init__(groups)
        self._loop = uvloop.new_event_loop()

    def submit(self, payload: str) -> None:
        """Enqueue one job."""
        self._loop.run_until_complete(queue.enqueue("noop", payload=payload))

    def submit_many(self, payloads: Sequence[str]) -> None:
        """Enqueue jobs, a hundred at a time."""

        async def enqueue() -> None:
            for start in range(0, len(payloads), _AT_ONCE):
                chunk = payloads[start : start + _AT_ONCE]
                await asyncio.gather(*(queue.enqueue("noop", payload=item) for item in chunk))

        self._loop.run_until_complete(enqueue())

    def submit_stamp(self, sent_ns: int) -> None:
        """Enqueue one job."""
        self._loop.run_until_complete(queue.enqueue("stamp", sent_ns=sent_ns))

    def left(self, submitted: int) -> int:
        """Count the jobs that are not done."""
        return int(connection.zcard("saq:bench:incomplete"))
