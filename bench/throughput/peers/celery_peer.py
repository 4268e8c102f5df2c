"""Celery: two solo workers without acknowledgement emulation, the fastest way; events by the command line."""

from __future__ import annotations

import time
from collections.abc import Sequence

import redis
from celery import Celery as CeleryApp
from celery import group

from bench.throughput.peers.interface import LATENCIES, REDIS_URL, ResultKeys, System

connection = redis.Redis.from_url(REDIS_URL)
app = CeleryApp("bench", broker=REDIS_URL, backend=REDIS_URL)
app.conf.broker_transport_options = {"ack_emulation": False}
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_prefetch_multiplier = 100


@app.task(name="noop")
def noop(payload: str) -> int:
    """Do nothing."""
    return 1


@app.task(name="stamp")
def stamp(sent_ns: int) -> int:
    """Note the wait."""
    connection.rpush(LATENCIES, time.time_ns() - sent_ns)
    return 1


class Celery(System):
    """Results are keys; everything else about the database stays as it is."""

    def __init__(self, groups: Sequence[int]) -> None:
        super().__init__(groups)
        self._results = ResultKeys(connection, "celery-task-meta-*")

    def submit(self, payload: str) -> None:
        """Send one task."""
        noop.delay(payload)

    def submit_many(self, payloads: Sequence[str]) -> None:
        """Send a group."""
        group([noop.s(payload) for payload in payloads]).apply_async()

    def submit_stamp(self, sent_ns: int) -> None:
        """Send one task."""
        stamp.delay(sent_ns)

    def left(self, submitted: int) -> int:
        """Count the results that are missing."""
        return self._results.left(submitted)
