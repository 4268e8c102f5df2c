"""Huey: one consumer with two worker processes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import redis
from huey import RedisHuey

from bench.throughput.peers.interface import LATENCIES, REDIS_URL, System

connection = redis.Redis.from_url(REDIS_URL)
huey = RedisHuey("bench", url=REDIS_URL)


@huey.task()
def noop(payload: str) -> int:
    """Do nothing."""
    return 1


@huey.task()
def stamp(sent_ns: int) -> int:
    """Note the wait."""
    connection.rpush(LATENCIES, time.time_ns() - sent_ns)
    return 1


class Huey(System):
    """Results are kept in one hash until they are read."""

    def submit(self, payload: str) -> None:
        """Enqueue one task."""
        noop(payload)

    def submit_many(self, payloads: Sequence[str]) -> None:
        """Enqueue tasks; Huey sends them one by one."""
        noop.map(payloads)

    def submit_stamp(self, sent_ns: int) -> None:
        """Enqueue one task."""
        stamp(sent_ns)

    def left(self, submitted: int) -> int:
        """Count the results that are missing."""
        return submitted - int(connection.hlen("huey.results.bench"))
