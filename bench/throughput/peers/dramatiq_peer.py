"""Dramatiq: two processes of four threads, prefetch 200 and a wake-up of 10 ms (from the command line)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from bench.throughput.peers.interface import LATENCIES, REDIS_URL, System

connection = redis.Redis.from_url(REDIS_URL)
broker = RedisBroker(url=REDIS_URL)
broker.add_middleware(Results(backend=RedisBackend(url=REDIS_URL), store_results=True))
dramatiq.set_broker(broker)


@dramatiq.actor
def noop(payload: str) -> int:
    """Do nothing."""
    return 1


@dramatiq.actor
def stamp(sent_ns: int) -> int:
    """Note the wait."""
    connection.rpush(LATENCIES, time.time_ns() - sent_ns)
    return 1


class Dramatiq(System):
    """A message leaves `dramatiq:default.msgs` once its result is stored."""

    def submit(self, payload: str) -> None:
        """Send one message."""
        noop.send(payload)

    def submit_many(self, payloads: Sequence[str]) -> None:
        """Send a group; Dramatiq sends its messages one by one."""
        dramatiq.group([noop.message(payload) for payload in payloads]).run()

    def submit_stamp(self, sent_ns: int) -> None:
        """Send one message."""
        stamp.send(sent_ns)

    def left(self, submitted: int) -> int:
        """Count the messages that are not acknowledged."""
        return int(connection.hlen("dramatiq:default.msgs"))
