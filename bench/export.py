"""Does the memory of a hub grow with the rows of an export?

    python -m bench.export [--jobs 100000]

Fills a namespace with finished jobs, reads jobs.csv whole, and compares the hub's resident memory
before, at its highest meanwhile, and after.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

import httpx
import psutil

from hub.config import load_settings
from hub.embedded import acquire
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.messages import Register, SubmitRequest
from hub.redis_service import RedisService
from hub.reports import completed
from hub.worker_registry import WorkerRegistry
from tests.support.processes import hub_environ, serving

NAMESPACE = "bench"
BATCH = 1_000
REPORTS = 100  # a message of a worker


def fill(redis_url: str, jobs: int) -> None:
    """Submit and complete `jobs` jobs."""
    settings = load_settings({}, {"redis_url": redis_url, "namespace": NAMESPACE})
    service = RedisService(redis_url, Keys(NAMESPACE))
    broker, registry = JobBroker(service, settings), WorkerRegistry(service, settings)
    registry.register(Register(worker_id="w1", job_types=["mail"], slots=BATCH), "c1")
    request = SubmitRequest(job_type="mail", customer_id="=cmd()")
    for _ in range(jobs // BATCH):
        broker.submit_batch([request] * BATCH, submitted_by="bench")
        left = BATCH
        while left:
            grants = broker.claim("w1", min(left, REPORTS))
            broker.settle("w1", [completed(grant.job_id, grant.fence, b"null") for grant in grants])
            left -= len(grants)
    service.close()


class Peak:
    """The highest resident memory of a process tree while the block runs, in MB."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.mb = self.now()

    def now(self) -> float:
        """Resident memory at this moment."""
        tree = [self._root, *self._root.children(recursive=True)]
        return max(process.memory_info().rss for process in tree) / 1e6

    def __enter__(self) -> Peak:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End watching."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.mb = max(self.mb, self.now())


def read_all(url: str) -> tuple[int, float]:
    """Read jobs.csv; returns rows and seconds."""
    started, rows = time.monotonic(), -1
    with httpx.stream("GET", f"{url}/api/export/jobs.csv", timeout=600) as response:
        for chunk in response.iter_bytes():
            rows += chunk.count(b"\r\n")
    return rows, time.monotonic() - started


def main() -> None:
    """Fill, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        acquire(load_settings({}, {"data_dir": directory})) as server,
    ):
        environ = hub_environ(
            server.url, NAMESPACE, Path(directory), keep_finished=str(2 * options.jobs)
        )
        fill(server.url, options.jobs)
        with serving("hub", environ=environ) as hub:
            httpx.get(f"{hub.url}/api/jobs", timeout=60)
            with Peak(hub.process.pid) as peak:
                before = peak.now()
                rows, took_s = read_all(hub.url)
            print("| rows | s | rows/s | hub before, MB | highest, MB | after, MB |")
            print("|---|---|---|---|---|---|")
            print(
                f"| {rows:,} | {took_s:.1f} | {rows / took_s:,.0f} "
                f"| {before:.0f} | {peak.mb:.0f} | {peak.now():.0f} |"
            )


if __name__ == "__main__":
    main()
