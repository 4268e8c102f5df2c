"""A seeded load that makes every kind of event: through the scripts, as a hub does, without a socket."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

import msgspec
import redis

from hub import reports
from hub.chaos.ledger import Ledger
from hub.config import Settings
from hub.errors import JobhubError, NotFound
from hub.job_broker import Assignment, JobBroker
from hub.keys import Keys
from hub.messages import JobProgress, Register, ReportedError, SubmitRequest
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry

JOB_TYPES: Final = ("resize", "train", "mail", "rare")
WORKERS: Final = tuple(f"chaos-{number}" for number in range(6))
_REMEMBERED: Final = 2_000  # jobs that cancels and retries choose from
_LOOK_EVERY: Final = 50  # acts between two looks at the backlog
_REGISTER_EVERY: Final = 500  # acts; a Redis that was emptied knows no workers
_ACTOR: Final = "chaos"
_OUTAGE_S: Final = 0.05


class Load:
    """Does one random thing after another.

    Args: backlog: pending jobs around which submits and claims balance.
    """

    def __init__(
        self,
        redis_url: str,
        namespace: str,
        settings: Settings,
        rng: random.Random,
        *,
        backlog: int = 150,
        ledger: Ledger | None = None,
    ) -> None:
        self._service = RedisService(redis_url, Keys(namespace))
        self._broker = JobBroker(self._service, settings)
        self._registry = WorkerRegistry(self._service, settings)
        self._rng = rng
        self._backlog = backlog
        self._ledger = ledger or Ledger()
        self._held: deque[tuple[str, Assignment]] = deque()
        self._started: deque[tuple[str, Assignment]] = deque()
        self._jobs: deque[str] = deque(maxlen=_REMEMBERED)
        self._epoch, self._seq = b"", 0
        self.transitions = 0
        self._waiting = 0
        self.calls = 0
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (30, self._submit),
            (20, self._claim),
            (22, self._start),
            (30, self._progress),
            (22, self._finish),
            (2, self._cancel),
            (2, self._retry),
            (1, self._reprioritize),
            (1, self._release),
            (1, self._move_worker),
            (1, self._pause),
        ]

    def run(self, stopping: threading.Event) -> None:
        """Act until told to stop; failures of Redis are waited out."""
        while not stopping.is_set():
            try:
                if self.calls % _REGISTER_EVERY == 0:
                    for worker_id in WORKERS:
                        self._register(worker_id)
                self.act()
            except redis.RedisError:
                stopping.wait(_OUTAGE_S)
        self._look()

    def act(self) -> None:
        """Do one thing; a refusal is as good as a success."""
        weights = [weight for weight, _ in self._acts]
        (chosen,) = self._rng.choices([act for _, act in self._acts], weights)
        self.calls += 1
        if self.calls % _LOOK_EVERY == 0:
            self._look()
        try:
            chosen()
        except JobhubError:
            return

    def _look(self) -> None:
        """See how many jobs wait, and how many events there were."""
        keys = self._service.keys
        self._waiting = int(self._service.redis.hget(keys.key("counts"), "pending") or 0)
        epoch, seq = self._service.redis.hmget(keys.meta, "epoch", "seq")
        if epoch == self._epoch:
            self.transitions += int(seq or 0) - self._seq
        self._epoch, self._seq = epoch, int(seq or 0)

    def begin(self) -> None:
        """Register every worker and fill the backlog."""
        for worker_id in WORKERS:
            self._register(worker_id)
        for _ in range(self._backlog):
            self._submit_one(self._rng)

    def finish(self, timeout_s: float) -> None:
        """Run every job that is left to its end; whoever registers without its grants gives them back."""
        until = time.monotonic() + timeout_s
        pause = threading.Event()
        for worker_id in WORKERS:
            self._register(worker_id)
            self._registry.set_draining(worker_id, False, actor=_ACTOR)
        for job_type in JOB_TYPES:
            with contextlib.suppress(NotFound):  # Redis was emptied, and none came since
                self._broker.resume(job_type, actor=_ACTOR)
        while self._live() and time.monotonic() < until:
            for worker_id in WORKERS:
                self._registry.heartbeat(worker_id, f"{worker_id}-socket", [])  # or it is gone soon
                given = self._broker.claim(worker_id, 20)
                given += [grant for holder, grant in self._held if holder == worker_id]
                told = [reports.completed(item.job_id, item.fence, b"0") for item in given]
                if told:
                    self._settle(worker_id, told)
            self._held.clear()
            pause.wait(_OUTAGE_S)

    def _live(self) -> int:
        """Jobs that are not over."""
        keys = self._service.keys
        states = ("scheduled", "pending", "assigned", "in_progress")
        return sum(int(n or 0) for n in self._service.redis.hmget(keys.key("counts"), states))

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    # --- Jobs ---------------------------------------------------------------------------------

    def _submit(self) -> None:
        if self._waiting > self._backlog:
            return
        rng = self._rng
        for _ in range(rng.randrange(1, 4)):
            self._submit_one(rng)

    def _submit_one(self, rng: random.Random) -> None:
        request = SubmitRequest(
            job_type=rng.choices(JOB_TYPES, (50, 30, 19, 1))[0],
            priority=rng.choice((0, 10, 50, 50, 50, 90)),
            delay_s=rng.choice((0.05, 0.5, 2.0)) if rng.random() < 0.1 else None,
            max_attempts=rng.choice((1, 3)),
            customer_id=f"c{rng.randrange(5)}",
        )
        asked_at = time.monotonic()
        job_id = self._broker.submit(request, submitted_by=_ACTOR).job.job_id
        self._ledger.submitted(job_id, asked_at)
        self._jobs.append(job_id)

    def _claim(self) -> None:
        worker_id = self._rng.choice(WORKERS)
        given = self._broker.claim(worker_id, 5)
        self._held.extend((worker_id, assignment) for assignment in given)

    def _start(self) -> None:
        worker_id, taken = self._take_of_one_worker(self._held)
        if not taken:
            return
        told = [reports.started(given.job_id, given.fence) for given in taken]
        verdicts = self._broker.settle(worker_id, told).verdicts
        for given, verdict in zip(taken, verdicts, strict=True):
            if verdict == "ack":
                self._started.append((worker_id, given))

    def _take_of_one_worker(
        self, queue: deque[tuple[str, Assignment]]
    ) -> tuple[str, list[Assignment]]:
        """Take up to eight grants that one worker holds: it reports them in one message."""
        if not queue:
            return "", []
        worker_id = queue[0][0]
        taken = [item for item in islice(queue, 16) if item[0] == worker_id]
        taken = taken[: self._rng.randrange(1, 9)]
        for item in taken:
            queue.remove(item)
        return worker_id, [given for _, given in taken]

    def _progress(self) -> None:
        if self._started:
            worker_id, given = self._rng.choice(self._started)
            percent = self._rng.randrange(101)
            message = JobProgress(job_id=given.job_id, fence=given.fence, percent=percent)
            self._broker.progress(worker_id, message)

    def _finish(self) -> None:
        """Report several jobs of one worker in one message, and take as many again."""
        worker_id, taken = self._take_of_one_worker(self._started)
        if taken:
            told = [self._outcome(given) for given in taken]
            given = self._settle(worker_id, told, claim=len(told))
            self._held.extend((worker_id, assignment) for assignment in given)

    def _settle(
        self, worker_id: str, told: list[reports.Report], claim: int = 0
    ) -> list[Assignment]:
        """Report outcomes, and note what was acknowledged; returns what was claimed with them."""
        asked_at = time.monotonic()
        for report in told:
            self._ledger.sent(report.job_id, int(report.fence), _result(report))
        settled = self._broker.settle(worker_id, told, claim=claim)
        for report, verdict in zip(told, settled.verdicts, strict=True):
            if verdict == "ack":
                self._ledger.settled(report.job_id, int(report.fence), asked_at)
        return settled.assignments

    def _outcome(self, given: Assignment) -> reports.Report:
        if self._rng.random() < 0.8:
            result = msgspec.json.encode({"n": self.calls})
            return reports.completed(given.job_id, given.fence, result)
        error = ReportedError(type="Chaos", message="x", retryable=self._rng.random() < 0.7)
        return reports.failed(given.job_id, given.fence, error)

    def _cancel(self) -> None:
        if self._jobs:
            self._broker.cancel(self._rng.choice(self._jobs), actor=_ACTOR)

    def _retry(self) -> None:
        if self._jobs:
            self._broker.retry(self._rng.choice(self._jobs), actor=_ACTOR)

    def _reprioritize(self) -> None:
        if self._jobs:
            job_id = self._rng.choice(self._jobs)
            self._broker.update(job_id, priority=self._rng.randrange(101), actor=_ACTOR)

    def _release(self) -> None:
        if self._held:
            worker_id, given = self._held.pop()
            self._broker.release(worker_id, given.job_id, given.fence)

    # --- Workers and queues -------------------------------------------------------------------

    def _register(self, worker_id: str) -> None:
        message = Register(worker_id=worker_id, job_types=list(JOB_TYPES), slots=20)
        given = self._registry.register(message, f"{worker_id}-socket").assignments
        self._held.extend((worker_id, assignment) for assignment in given)

    def _move_worker(self) -> None:
        worker_id = self._rng.choice(WORKERS)
        match self._rng.randrange(4):
            case 0:
                self._registry.goodbye(worker_id, f"{worker_id}-socket")
                self._register(worker_id)
            case 1:
                self._registry.set_draining(worker_id, True, actor=_ACTOR)
            case _:
                self._registry.set_draining(worker_id, False, actor=_ACTOR)

    def _pause(self) -> None:
        job_type = self._rng.choice(JOB_TYPES)
        self._broker.pause(job_type, actor=_ACTOR)
        self._broker.resume(job_type, actor=_ACTOR)


def _result(report: reports.Report) -> bytes | None:
    """The result that a report carries; None for an error."""
    return report.detail.encode() if isinstance(report.detail, str) else None
