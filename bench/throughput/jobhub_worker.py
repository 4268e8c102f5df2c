"""A worker of the SDK with the two tasks of the comparison.

python -m bench.throughput.jobhub_worker HUB_URL WORKER_ID
"""

from __future__ import annotations

import os
import sys
import time

import redis

from bench.throughput.peers.interface import LATENCIES, REDIS_URL
from hub.worker import Worker
from hub.worker.job import Job

_PREFETCH = int(os.environ.get("BENCH_PREFETCH", "200"))


def main() -> None:
    """Work until SIGTERM."""
    connection = redis.Redis.from_url(REDIS_URL)
    worker = Worker(sys.argv[1], worker_id=sys.argv[2], prefetch=_PREFETCH)

    @worker.job("noop")
    def noop(job: Job) -> int:
        return 1

    @worker.job("stamp")
    def stamp(job: Job) -> int:
        connection.rpush(LATENCIES, time.time_ns() - job.payload)
        return 1

    worker.run()


if __name__ == "__main__":
    main()
