"""Jobhub, as the driver speaks to it: with the SDK's client."""

from __future__ import annotations

import os
from collections.abc import Sequence

import httpx
import redis

from bench.throughput.peers.interface import REDIS_URL, System
from hub.client import HubClient

HUB_URL = os.environ.get("BENCH_HUB_URL", "http://127.0.0.1:8000")
NAMESPACE = "bench"


class Jobhub(System):
    """A paused queue holds the backlog."""

    def __init__(self, groups: Sequence[int]) -> None:
        super().__init__(groups)
        self._hub = HubClient(HUB_URL)
        self._api = httpx.Client(base_url=HUB_URL)
        self._redis = redis.Redis.from_url(REDIS_URL)

    def submit(self, payload: str) -> None:
        """Submit one job."""
        self._hub.submit("noop", payload)

    def submit_many(self, payloads: Sequence[str]) -> None:
        """Submit them as one iterable."""
        self._hub.submit_batch({"job_type": "noop", "payload": item} for item in payloads)

    def submit_stamp(self, sent_ns: int) -> None:
        """Submit one job."""
        self._hub.submit("stamp", sent_ns)

    def left(self, submitted: int) -> int:
        """Count the jobs that are not completed."""
        done = self._redis.hget(f"{{{NAMESPACE}}}:counts", "completed")
        return submitted - int(done or 0)

    def hold(self) -> None:
        """Pause the queue."""
        self._api.post("/api/queues/noop/pause").raise_for_status()

    def release(self) -> None:
        """Resume the queue."""
        self._api.post("/api/queues/noop/resume").raise_for_status()

    def close(self) -> None:
        """Close the connections."""
        self._hub.close()
        self._api.close()
