"""What `/metrics` counts for ever by job type: outcomes, promises, slot time, histograms of wait and run.

`close_seconds.lua` adds every closed second to one hash, so the counters outlive restarts and are the same
from every hub. A scrape reads that hash once, 100 job types at most; while Redis is away the last
one known is told again, which a counter may do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Final

import redis
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from hub.redis_service import RedisService

BOUNDS_MS: Final = (
    *(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000),
    *(60_000, 300_000, 900_000, 3_600_000, 14_400_000, 86_400_000),
)
_KEPT_S: Final = 1.0  # figures of a second are closed once a second; several scrapers share a read

# name, figure, what it is divided by, text
_COUNTERS: Final = (
    ("jobhub_jobs_submitted", "submitted", 1, "Jobs submitted."),
    ("jobhub_attempts_retried", "retried", 1, "Attempts that failed and were to be retried."),
    ("jobhub_promises_kept", "slo_met", 1, "Jobs that started in the time promised."),
    ("jobhub_promises_broken", "slo_missed", 1, "Jobs that still waited when they were due."),
    ("jobhub_busy_slot_seconds", "busy_ms", 1_000, "Slot time used by jobs."),
)
_HISTOGRAMS: Final = (
    ("jobhub_job_wait_seconds", "wait", "From pending to started, each attempt."),
    ("jobhub_job_run_seconds", "run", "From started to finished, of attempts that finished."),
)
_OUTCOMES: Final = ("completed", "failed", "cancelled")

Cells = dict[str, dict[str, int]]  # figure -> job type -> count


class Totals:
    """Reads the totals of a namespace and describes them as Prometheus takes them."""

    def __init__(self, service: RedisService, *, now: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._now = now
        self._lock = threading.Lock()
        self._cells: Cells = {}
        self._read_at = float("-inf")

    def families(self) -> Iterator[Metric]:
        """Give every family, with samples or without. Redis: HGETALL, at most once a second."""
        cells = self._read()
        for name, figure, divisor, text in _COUNTERS:
            counter = CounterMetricFamily(name, text, labels=["job_type"])
            for job_type, count in cells.get(figure, {}).items():
                counter.add_metric([job_type], count / divisor)
            yield counter
        offered_ms = cells.get("offered_ms", {}).get("", 0)
        yield CounterMetricFamily(
            "jobhub_offered_slot_seconds", "Slot time offered by workers.", offered_ms / 1_000
        )
        yield _finished(cells)
        for name, axis, text in _HISTOGRAMS:
            yield _histogram(name, axis, text, cells)

    def _read(self) -> Cells:
        """The totals of a second ago at most, or the last ones known."""
        with self._lock:
            if self._now() - self._read_at < _KEPT_S:
                return self._cells
            try:
                key = self._service.keys.key("totals")
                self._cells = _sorted_out(self._service.redis.hgetall(key).items())
            except redis.RedisError:  # /readyz tells it; a counter may stand still
                pass
            self._read_at = self._now()
            return self._cells


def _sorted_out(fields: Iterable[tuple[bytes, bytes]]) -> Cells:
    cells: Cells = {}
    for name, count in sorted(fields):
        figure, _, job_type = name.decode().partition("|")
        cells.setdefault(figure, {})[job_type] = int(count)
    return cells


def _finished(cells: Cells) -> Metric:
    family = CounterMetricFamily(
        "jobhub_jobs_finished", "Jobs finished, by final state.", labels=["job_type", "status"]
    )
    for status in _OUTCOMES:
        for job_type, count in cells.get(status, {}).items():
            family.add_metric([job_type, status], count)
    return family


def _histogram(name: str, axis: str, text: str, cells: Cells) -> Metric:
    family = HistogramMetricFamily(name, text, labels=["job_type"])
    bounds = [str(bound) for bound in BOUNDS_MS] + ["inf"]
    ends = [str(bound / 1_000) for bound in BOUNDS_MS] + ["+Inf"]
    by_bound = [cells.get(f"{axis}:{bound}", {}) for bound in bounds]
    sums_us = cells.get(f"{axis}_us", {})  # a sum of nothing but zeros is not there
    for job_type in sorted(set().union(*by_bound)):
        counts = accumulate(found.get(job_type, 0) for found in by_bound)
        sum_s = sums_us.get(job_type, 0) / 1e6
        family.add_metric([job_type], list(zip(ends, counts, strict=True)), sum_s)
    return family
