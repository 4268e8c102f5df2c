"""Ninety days of figures, written by the real scripts on the test clock, and a hub that stands on them."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from hub.config import load_settings
from hub.embedded import acquire
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.maintenance import Maintenance
from hub.metrics import MetricsReader
from hub.promises import PromiseRequest, Promises
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.history import History, PastJob
from tests.support.processes import hub_environ, serving
from tests.support.waiting import wait_until

TYPES: Final = ("resize", "mail", "report", "import", "invoice")
WORKERS: Final = 4
NAMESPACE: Final = "bench"
_QUARTER_MS: Final = 900_000
_DAY_MS: Final = 86_400_000


class Past(msgspec.Struct, frozen=True):
    """What to play: in every quarter of an hour, so that no bucket is empty, workers come and run `jobs`."""

    days: int
    jobs: int


class Stand(msgspec.Struct, frozen=True):
    """A hub on a loaded namespace, and its Redis."""

    hub_url: str
    service: RedisService


@contextmanager
def standing(past: Past, kept: Path | None) -> Iterator[Stand]:
    """Run a hub on a played past. Args: kept: a directory to keep it in, or that holds it already."""
    with ExitStack() as stack:
        directory = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = load_settings({}, {"data_dir": str(directory)})
        server = stack.enter_context(acquire(settings))
        service = RedisService(server.url, Keys(NAMESPACE))
        service.redis.ping()
        if not service.redis.exists(service.keys.of("groups", "type")):
            play(server.url, service, past)
        environ = hub_environ(server.url, NAMESPACE, directory)
        hub = stack.enter_context(serving("hub", environ=environ))
        url = hub.url
        wait_until(lambda: MetricsReader(service).closed_until() > time.time() - 5, timeout_s=120)
        yield Stand(url, service)
        service.close()


def play(redis_url: str, service: RedisService, past: Past) -> None:
    """Play a past that ends now, and say how long that took."""
    settings = load_settings(
        {}, {"redis_url": redis_url, "namespace": NAMESPACE, "lease_s": 80_000.0}
    )
    registry = WorkerRegistry(service, settings)
    history = History(
        service, JobBroker(service, settings), registry, Maintenance(service, settings)
    )
    for job_type, target_s in zip(TYPES, (30, 60, 300), strict=False):
        Promises(service).put(PromiseRequest(job_type=job_type, target_s=target_s))
    end = time.time_ns() // 1_000_000 // _QUARTER_MS * _QUARTER_MS
    started = time.monotonic()
    history.begin(end - past.days * _DAY_MS)
    for jobs in _quarters(past, end):
        history.go_to(min(job.submit_at for job in jobs))
        for number in range(WORKERS):
            history.add_worker(f"worker-{number + 1}", 2, TYPES)
        history.play(jobs)
        history.leave()
    history.go_to(end)
    history.settle()
    service.redis.hdel(service.keys.meta, "offset_ms")
    jobs_played = past.days * 96 * past.jobs
    print(
        f"{jobs_played:,} jobs over {past.days} days played in {time.monotonic() - started:.0f} s\n"
    )


def _quarters(past: Past, end: int) -> Iterator[list[PastJob]]:
    """Make the jobs of each quarter of an hour; they come within its first half minute."""
    chance = random.Random(1)
    for start in range(end - past.days * _DAY_MS, end, _QUARTER_MS):
        yield [
            PastJob(
                submit_at=start + chance.randrange(20_000),
                run_ms=int(chance.lognormvariate(8, 1)) % 40_000,
                job_type=chance.choice(TYPES),
                outcome=chance.choices(("completed", "failed"), (95, 5))[0],
                error=chance.choice(("row 12 is missing", "timed out after 30 s")),
            )
            for _ in range(past.jobs)
        ]
