"""Jobhub, as the driver speaks to it: over the client socket of a hub."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import httpx
import redis
from websockets.sync.client import connect

from bench.throughput.peers.interface import REDIS_URL, System

HUB_URL = os.environ.get("BENCH_HUB_URL", "http://127.0.0.1:8000")
NAMESPACE = "bench"
_BATCH = 1_000


class Jobhub(System):
    """Submits over one socket; a paused queue holds the backlog."""

    def __init__(self, groups: Sequence[int]) -> None:
        super().__init__(groups)
        self._socket = connect(HUB_URL.replace("http", "ws", 1) + "/ws/client", max_size=None)
        self._api = httpx.Client(base_url=HUB_URL)
        self._redis = redis.Redis.from_url(REDIS_URL)

    def submit(self, payload: str) -> None:
        """Submit one job."""
        self._ask("submitted", type="submit", job_type="noop", payload=payload)

    def submit_many(self, payloads: Sequence[str]) -> None:
        """Submit batches of a thousand."""
        for start in range(0, len(payloads), _BATCH):
            jobs = [
                {"job_type": "noop", "payload": item} for item in payloads[start : start + _BATCH]
            ]
            self._ask("submitted_batch", type="submit_batch", jobs=jobs)

    def submit_stamp(self, sent_ns: int) -> None:
        """Submit one job."""
        self._ask("submitted", type="submit", job_type="stamp", payload=sent_ns)

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
        """Close the sockets."""
        self._socket.close()
        self._api.close()

    def _ask(self, expected: str, **message: Any) -> None:
        self._socket.send(json.dumps(message))
        answer = json.loads(self._socket.recv())
        if answer["type"] != expected:
            raise SystemExit(f"the hub answered {answer}")
