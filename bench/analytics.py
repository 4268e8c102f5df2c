"""How fast are figures of 90 days, loaded through the real scripts, and what do they weigh?

    python -m bench.analytics [--days 90] [--jobs 3] [--browser]

A past is played on the test clock: in every quarter of an hour, so that no bucket is empty, four workers come
and run a few jobs of five types, some of which fail. Then a hub answers what the Analytics page asks, and
the dashboard's server builds the page; medians of five, in ms. `--browser` opens the page in Chromium, too.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from hub.config import load_settings
from hub.embedded import acquire
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.maintenance import Maintenance
from hub.metrics import MetricsReader
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.history import History, PastJob
from tests.support.processes import hub_environ, serving
from tests.support.waiting import wait_until

TYPES = ("resize", "mail", "report", "import", "invoice")
HOUR_MS = 3_600_000
QUARTER_MS = 900_000
NAMESPACE = "bench"
RANGES = (
    ("15 min", "15m", 900),
    ("24 h", "24h", 86_400),
    ("7 days", "7d", 7 * 86_400),
    ("30 days", "30d", 30 * 86_400),
    ("90 days", "90d", 90 * 86_400),
)
ROUTES = (
    ("series", "/api/metrics/series", {}),
    ("series by type", "/api/metrics/series", {"group_by": "job_type"}),
    ("heat map", "/api/metrics/series", {"step": 3_600}),
    ("summary by type", "/api/metrics/summary", {"group_by": "job_type"}),
    ("summary by worker", "/api/metrics/summary", {"group_by": "worker"}),
    ("errors", "/api/errors", {}),
    ("metrics.csv by type", "/api/export/metrics.csv", {"group_by": "job_type", "step": 900}),
)


def quarters(days: int, jobs: int, end: int) -> Iterator[list[PastJob]]:
    """Make the jobs of each quarter of an hour; they come within its first half minute."""
    chance = random.Random(1)
    for start in range(end - days * 24 * HOUR_MS, end, QUARTER_MS):
        yield [
            PastJob(
                submit_at=start + chance.randrange(20_000),
                run_ms=int(chance.lognormvariate(8, 1)) % 40_000,
                job_type=chance.choice(TYPES),
                outcome=chance.choices(("completed", "failed"), (95, 5))[0],
                error=chance.choice(("row 12 is missing", "timed out after 30 s")),
            )
            for _ in range(jobs)
        ]


def load(redis_url: str, days: int, jobs_a_quarter: int) -> float:
    """Play the past; returns how many seconds that took."""
    settings = load_settings(
        {}, {"redis_url": redis_url, "namespace": NAMESPACE, "lease_s": 80_000.0}
    )
    service = RedisService(redis_url, Keys(NAMESPACE))
    service.redis.ping()
    registry = WorkerRegistry(service, settings)
    history = History(
        service, JobBroker(service, settings), registry, Maintenance(service, settings)
    )
    end = time.time_ns() // 1_000_000 // QUARTER_MS * QUARTER_MS
    started = time.monotonic()
    history.begin(end - days * 24 * HOUR_MS)
    for jobs in quarters(days, jobs_a_quarter, end):
        history.go_to(min(job.submit_at for job in jobs))
        for number in range(4):
            history.add_worker(f"worker-{number + 1}", 2, TYPES)
        history.play(jobs)
        history.leave()
    history.go_to(end)
    history.settle()
    return time.monotonic() - started


@contextmanager
def loaded(days: int, jobs_an_hour: int) -> Iterator[tuple[httpx.Client, RedisService, float]]:
    """A hub on a loaded namespace, its Redis and the time that loading took."""
    with tempfile.TemporaryDirectory() as directory:
        settings = load_settings({}, {"data_dir": directory})
        with acquire(settings) as server:
            took_s = load(server.url, days, jobs_an_hour)
            service = RedisService(server.url, Keys(NAMESPACE))
            service.redis.hdel(service.keys.meta, "offset_ms")
            environ = hub_environ(server.url, NAMESPACE, Path(directory))
            with (
                serving("hub", environ=environ) as hub,
                httpx.Client(base_url=hub.url, timeout=60) as client,
            ):
                wait_until(lambda: MetricsReader(service).closed_until() > time.time() - 5)
                yield client, service, took_s


def median_ms(client: httpx.Client, path: str, query: dict[str, object]) -> float:
    """The median of five answers in ms."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        client.get(path, params=query).raise_for_status()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def bytes_of(service: RedisService, pattern: str) -> int:
    """What the keys of a pattern weigh."""
    keys = service.redis.scan_iter(service.keys.of("sealed", pattern), 1_000)
    return sum(service.redis.memory_usage(key, 0) for key in keys)


def main() -> None:
    """Load, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--jobs-an-hour", type=int, default=6)
    options = parser.parse_args()
    with loaded(options.days, options.jobs_an_hour) as (client, service, took_s):
        jobs = options.days * 24 * options.jobs_an_hour
        print(f"{jobs} jobs over {options.days} days, loaded in {took_s:.0f} s\n")
        print("| ms, median of 5 |" + "|".join(f" {name} " for name, _ in RANGES) + "|")
        print("|---" * (len(RANGES) + 1) + "|")
        now_ms = time.time_ns() // 1_000_000
        for name, path, query in ROUTES:
            cells = [
                f" {median_ms(client, path, {**query, 'from': now_ms - span * 1000}):.0f} "
                for _, span in RANGES
            ]
            print(f"| {name} |" + "|".join(cells) + "|")
        print("\n| rows kept | kB a group |\n|---|---|")
        for step in (1, 60, 900, 86_400):
            groups = len(
                {
                    key.rpartition(b":")[2]
                    for key in service.redis.scan_iter(
                        service.keys.of("sealed", f"{step}:*"), 1_000
                    )
                }
            )
            weight = bytes_of(service, f"{step}:*") / 1000 / max(1, groups)
            print(f"| {step} s | {weight:.0f} |")


if __name__ == "__main__":
    main()
