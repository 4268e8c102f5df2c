"""A bare worker on the socket: no-op handlers, one message of results for each message of jobs.

    python -m bench.throughput.jobhub_worker HUB_URL WORKER_ID

It costs next to nothing, so the hub and Redis show what they can do.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import msgspec
import redis
from websockets.sync.client import connect

from bench.throughput.peers.interface import LATENCIES, REDIS_URL

_PREFETCH = int(os.environ.get("BENCH_PREFETCH", "100"))
_HEARTBEAT_S = 5.0


def main() -> None:
    """Work until the hub closes."""
    url, worker_id = sys.argv[1].replace("http", "ws", 1), sys.argv[2]
    connection = redis.Redis.from_url(REDIS_URL)
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    with connect(f"{url}/ws/worker", max_size=None, compression=None) as socket:

        def send(message: Any) -> None:
            socket.send(encode(message), text=True)

        send(
            {
                "type": "register",
                "worker_id": worker_id,
                "job_types": ["noop", "stamp"],
                "prefetch": _PREFETCH,
            }
        )
        while True:
            try:
                message = decode(socket.recv(_HEARTBEAT_S))
            except TimeoutError:
                send({"type": "heartbeat"})
                continue
            if isinstance(message, dict) and message["type"] == "assign":
                send([item for job in message["jobs"] for item in _work(job, connection)])


def _work(job: dict[str, Any], connection: redis.Redis) -> list[dict[str, Any]]:
    """Run one job; returns what is told about it."""
    if job["job"]["job_type"] == "stamp":
        connection.rpush(LATENCIES, time.time_ns() - job["payload"])
    grant = {"job_id": job["job_id"], "fence": job["fence"]}
    return [{"type": "job_started", **grant}, {"type": "job_completed", **grant, "result": 1}]


if __name__ == "__main__":
    main()
