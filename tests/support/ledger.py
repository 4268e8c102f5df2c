"""A past that a test writes step by step, beside a plain ledger of what must be counted.

The real scripts play it on a clock that stands still between two steps, so that every moment lies exactly
where the test says.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from hub.config import load_settings
from hub.figures import Figures
from hub.job_broker import Assignment, JobBroker
from hub.keys import Keys
from hub.maintenance import Maintenance
from hub.messages import HeldJob, Register, ReportedError, SubmitRequest
from hub.metrics import MetricsReader
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry

START = 1_750_000_500_000  # the start of a minute and a quarter of an hour: 2025-06-15T15:15Z
TYPES = ("mail", "resize")
SLOTS = 4
_LEASE_S = 60.0
_CLOSED_LATEST_MS = 3_000_000  # slot time of seconds that nobody closed for an hour is not kept
_LOG_G = math.log(1.02 / 0.98)

_numbers = itertools.count()


class Ledger:
    """What was seen to happen, by job type: counts by second, and values of wait and run."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, int]] = Counter()
        self.values: list[tuple[str, str, int, int]] = []
        self.busy: list[tuple[str, int, int]] = []

    def count(self, figure: str, job_type: str, at: int) -> None:
        """Note that something happened at Unix ms `at`."""
        self.counts[figure, job_type, at // 1000] += 1

    def value(self, axis: str, job_type: str, at: int, ms: int) -> None:
        """Note how long something took that ended at `at`."""
        self.values.append((axis, job_type, at // 1000, ms))


class Play:
    """One namespace, one worker, and a clock that only `wait` moves."""

    def __init__(self, redis_url: str, *, often: bool) -> None:
        self.service = RedisService(redis_url, Keys(f"play{next(_numbers)}"))
        self.service.redis.ping()
        changes: dict[str, Any] = {"redis_url": redis_url, "lease_s": _LEASE_S}
        config = load_settings({}, {**changes, "namespace": self.service.keys.namespace})
        self.broker = JobBroker(self.service, config)
        self.registry = WorkerRegistry(self.service, config)
        self.maintenance = Maintenance(self.service, config)
        self.ledger, self.often = Ledger(), often
        self.now = self.closed_at = START
        self.pending: dict[str, tuple[str, int]] = {}
        self.running: list[tuple[Assignment, str, int]] = []
        meta = {"offset_ms": -(10**13), "last_ms": START}
        self.service.redis.hset(self.service.keys.meta, mapping=meta)
        self.service.redis.hset(self.service.keys.key("closing"), "closed", START // 1000 - 1)
        worker = Register(worker_id="w1", job_types=list(TYPES), slots=SLOTS)
        self.registry.register(worker, "c1")

    def do(self, step: tuple[str, Any]) -> None:
        """Take one step of the past; one that is not possible now does nothing."""
        name, about = step
        getattr(self, name)(about)
        if self.often:
            self.close()

    def go_to(self, at: int) -> None:
        """Let it be Unix ms `at`; nobody does anything on the way."""
        self.now = at
        self.service.redis.hset(self.service.keys.meta, "last_ms", at)

    def wait(self, ms: int) -> None:
        """Let time pass; the worker is heard of often enough to keep its jobs."""
        if self.now + ms - self.closed_at > _CLOSED_LATEST_MS:
            self.close()
        until = self.now + ms
        while self.now < until:
            self.go_to(min(until, self.now + int(_LEASE_S * 500)))
            held = [HeldJob(job_id=grant.job_id, fence=grant.fence) for grant, _, _ in self.running]
            self.registry.heartbeat("w1", "c1", held)

    def submit(self, job_type: str) -> None:
        """Submit a job."""
        request = SubmitRequest(job_type=job_type, timeout_s=86_400)
        made = self.broker.submit(request, submitted_by="past")
        self.pending[made.job.job_id] = (job_type, self.now)
        self.ledger.count("submitted", job_type, self.now)

    def take(self, _: str) -> None:
        """Start the most urgent job that waits."""
        for grant in self.broker.claim("w1", 1):
            self.broker.start("w1", grant.job_id, grant.fence)
            job_type, pending_at = self.pending.pop(grant.job_id)
            self.running.append((grant, job_type, self.now))
            self.ledger.count("started", job_type, self.now)
            self.ledger.value("wait", job_type, self.now, self.now - pending_at)

    def complete(self, index: int) -> None:
        """Complete a running job."""
        self._end(
            index,
            "completed",
            lambda grant: self.broker.complete("w1", grant.job_id, grant.fence, b"1"),
        )

    def fail(self, index: int) -> None:
        """Fail a running job for good."""
        error = ReportedError(type="Broken", message="it broke", retryable=False)
        self._end(
            index, "failed", lambda grant: self.broker.fail("w1", grant.job_id, grant.fence, error)
        )

    def cancel(self, index: int) -> None:
        """Cancel a job that waits."""
        if index < len(self.pending):
            job_id = list(self.pending)[index]
            job_type, _ = self.pending.pop(job_id)
            self.broker.cancel(job_id, actor="past")
            self.ledger.count("cancelled", job_type, self.now)

    def close(self) -> None:
        """Close and roll up all that is over; twice, which changes nothing."""
        while self.maintenance.run_once().seconds:
            pass
        self.maintenance.run_once()
        self.closed_at = self.now

    def _end(self, index: int, figure: str, tell: Callable[[Assignment], str]) -> None:
        if index < len(self.running):
            grant, job_type, started_at = self.running.pop(index)
            assert tell(grant) == "ack"
            self.ledger.count(figure, job_type, self.now)
            self.ledger.value("run", job_type, self.now, self.now - started_at)
            self.ledger.busy.append((job_type, started_at, self.now))

    def rows(self, step_s: int, group: str) -> dict[int, Figures]:
        """The buckets of a group by their start."""
        reader = MetricsReader(self.service)
        first_s, until_s = START // 1000 - step_s, self.now // 1000 + 1
        found = reader.buckets(step_s, first_s, until_s, group)
        return {bucket.start_s: bucket.figures for bucket in found}


def bin_of(ms: int) -> int:
    """The bin of a value, computed apart from the scripts."""
    return 0 if ms < 1 else max(1, math.ceil(math.log(ms) / _LOG_G))


def expected(ledger: Ledger, step_s: int, job_type: str | None) -> dict[int, Counter[str]]:
    """Counts and bins that each bucket must hold, from the ledger alone."""
    buckets: dict[int, Counter[str]] = {}

    def add(at_s: int, figure: str, by: int) -> None:
        if by:
            buckets.setdefault(at_s - at_s % step_s, Counter())[figure] += by

    for (figure, kind, at_s), by in ledger.counts.items():
        if job_type in (None, kind):
            add(at_s, figure, by)
    for axis, kind, at_s, ms in ledger.values:
        if job_type in (None, kind):
            add(at_s, f"{axis}:{bin_of(ms)}", 1)
    for kind, start, end in ledger.busy:
        if job_type in (None, kind):
            first, last = start // 1000 // step_s * step_s, end // 1000 // step_s * step_s
            for at_s in range(first, last + 1, step_s):
                inside = min(end, (at_s + step_s) * 1000) - max(start, at_s * 1000)
                add(at_s, "busy_ms", max(0, inside))
    return buckets


def told(figures: Figures) -> Counter[str]:
    """The same of a bucket of the hub."""
    names = ("submitted", "started", "completed", "failed", "cancelled", "busy_ms")
    row = Counter({name: figures.counts[name] for name in names})
    for axis in ("wait", "run"):
        row.update({f"{axis}:{bin_}": by for bin_, by in figures.histograms[axis].items()})
    return +row
