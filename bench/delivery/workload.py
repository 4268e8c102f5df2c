"""Five workers of the SDK and a client, for the traffic they make; a child of `traffic` and `storm`.

steady: 50 jobs running with one progress a second each, one completion and one submission a second.
heavy: `--rate` jobs a second that end at once. idle: workers that wait. Prints `ready`, runs until ended.
"""

from __future__ import annotations

import argparse
import threading
import time

from hub.client import HubClient
from hub.worker import Job, Worker

_WORKERS = 5
_SLOTS = 10
_TURN_S = 0.1  # between two batches of a heavy load


def main() -> None:
    """Run one load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("load", choices=("idle", "steady", "heavy"))
    parser.add_argument("--rate", type=int, default=500)
    given = parser.parse_args()
    for number in range(_WORKERS):
        start_worker(given.url, f"bench-{number}")
    print("ready", flush=True)
    with HubClient(given.url) as client:
        if given.load == "steady":
            submit_steadily(client)
        elif given.load == "heavy":
            submit_much(client, given.rate)
        threading.Event().wait()


def start_worker(url: str, worker_id: str) -> None:
    """Start a worker for both kinds of job."""
    worker = Worker(url, worker_id=worker_id, slots=_SLOTS)

    @worker.job("steady")
    def steady(job: Job) -> None:
        for second in range(job.payload):
            job.progress(100 * second // job.payload)
            job.wait_cancelled(1.0)

    @worker.job("noop")
    def noop(job: Job) -> int:
        return 1

    worker.start(wait_s=10.0)


def submit_steadily(client: HubClient) -> None:
    """Fill every slot with jobs that end one a second, and submit one a second from then on."""
    slots = _WORKERS * _SLOTS
    for seconds in range(1, slots + 1):
        client.submit("steady", seconds)
    started = time.monotonic()
    second = 0
    while True:
        second += 1
        time.sleep(max(0.0, started + second - time.monotonic()))
        client.submit("steady", slots)


def submit_much(client: HubClient, rate: int) -> None:
    """Submit `rate` jobs a second in small batches."""
    started, turn = time.monotonic(), 0
    while True:
        turn += 1
        client.submit_batch([{"job_type": "noop"}] * int(rate * _TURN_S))
        time.sleep(max(0.0, started + turn * _TURN_S - time.monotonic()))


if __name__ == "__main__":
    main()
