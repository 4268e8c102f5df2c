"""How long a page of GET /api/jobs takes with 100,000 finished jobs kept.

    python bench/api.py [--jobs N]

Fills a namespace of an embedded server of its own through the scripts, starts a hub on it, and asks for
pages over HTTP, one at a time: median and p95 of 40, in milliseconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from hub.config import load_settings
from hub.embedded import acquire
from hub.job_broker import Assignment, JobBroker
from hub.keys import Keys
from hub.messages import Register, ReportedError, SubmitRequest
from hub.redis_service import RedisService
from hub.reports import Report, completed, failed
from hub.worker_registry import WorkerRegistry
from tests.support.processes import hub_environ, serving

NAMESPACE = "bench-api"
TYPES = [f"type:{n}" for n in range(20)]
ASKED = 40
BATCH = 200


def fill(redis_url: str, jobs: int) -> str:
    """Finish `jobs` jobs of 20 types and 1,000 customers, one in ten failed; returns one id."""
    settings = load_settings({}, {"redis_url": redis_url, "namespace": NAMESPACE})
    service = RedisService(redis_url, Keys(NAMESPACE))
    broker, registry = JobBroker(service, settings), WorkerRegistry(service, settings)
    registry.register(Register(worker_id="w1", job_types=TYPES, slots=BATCH), "bench")
    chance = random.Random(1)
    one = ""
    for _ in range(0, jobs, BATCH):
        wanted = [
            SubmitRequest(
                job_type=chance.choice(TYPES),
                priority=chance.randrange(101),
                customer_id=f"customer-{chance.randrange(1_000)}",
            )
            for _ in range(BATCH)
        ]
        broker.submit_batch(wanted, submitted_by="bench")
        reports = [finish(given, chance) for given in broker.claim("w1", BATCH)]
        one = reports[-1].job_id
        broker.settle("w1", reports)
    service.close()
    return one


def finish(given: Assignment, chance: random.Random) -> Report:
    """Fail one job in ten, complete the others."""
    if chance.random() < 0.1:
        error = ReportedError(type=chance.choice(["A", "B"]), retryable=False)
        return failed(given.job_id, given.fence, error)
    return completed(given.job_id, given.fence, b"null")


def measure(ask: Callable[[], httpx.Response]) -> tuple[float, float, int]:
    """Median and p95 in ms of asking, and the rows of the last answer."""
    times = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - begun) * 1000)
        answer.raise_for_status()
    rows = len(answer.json()["jobs"])
    return statistics.median(times), sorted(times)[int(ASKED * 0.95)], rows


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    jobs = parser.parse_args().jobs
    with (
        tempfile.TemporaryDirectory() as directory,
        acquire(load_settings({}, {"data_dir": directory})) as server,
    ):
        begun = time.perf_counter()
        one = fill(server.url, jobs)
        print(f"{jobs} jobs finished in {time.perf_counter() - begun:.0f} s", flush=True)
        environ = hub_environ(server.url, NAMESPACE, Path(directory))
        with serving("hub", environ=environ) as hub, httpx.Client(base_url=hub.url) as api:
            report(api, one)


def report(api: httpx.Client, one: str) -> None:
    """Print a line a question."""
    print(f"{'page of 50':44} {'p50':>6} {'p95':>6} rows")
    middle = api.get("/api/jobs", params={"limit": 500}).json()["cursor"]
    for query in (
        "",
        f"cursor={middle}",
        "status=completed",
        "status=failed&job_type=type:3",
        "customer_id=customer-7",
        "sort=priority&order=asc",
        f"q={one[:6]}",
        "q=A",
        "worker_id=nobody",
        "status=pending",
    ):
        p50, p95, rows = measure(lambda query=query: api.get(f"/api/jobs?{query}"))  # type: ignore[misc]
        print(f"{query or '(no filter)':44.44} {p50:6.1f} {p95:6.1f} {rows:4}")


if __name__ == "__main__":
    main()
