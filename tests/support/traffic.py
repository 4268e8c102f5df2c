"""Jobs that come, run and end at a given rate, straight through the broker: events of every kind."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from hub.errors import Conflict, NotFound
from hub.job_broker import Assignment, JobBroker
from hub.messages import HeldJob, JobProgress, Register, ReportedError, RetryRequest, SubmitRequest
from hub.worker_registry import WorkerRegistry

_JOB_TYPES = ("resize", "import", "mail")
_RUNNING = 30  # jobs held at a time
_HEARTBEAT_S = 5.0


class Traffic:
    """One client and one worker of many slots; seeded, so that a failure can be seen again."""

    def __init__(
        self, broker: JobBroker, registry: WorkerRegistry, *, seed: int = 1, waiting: int = 20
    ) -> None:
        self._broker, self._registry = broker, registry
        self._random = random.Random(seed)
        self._waiting = waiting
        self._held: list[Assignment] = []
        self._started: set[int] = set()
        self._finished: list[str] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._beaten_at = time.monotonic()
        self.moves = 0
        self.error: BaseException | None = None

    def register(self, worker_id: str = "traffic") -> None:
        """Connect the worker."""
        self._worker_id = worker_id
        hello = Register(worker_id=worker_id, job_types=list(_JOB_TYPES), slots=100)
        self._registry.register(hello, "traffic")

    def submit(self, count: int) -> None:
        """Add jobs."""
        for _ in range(count):
            request = SubmitRequest(
                job_type=self._random.choice(_JOB_TYPES),
                priority=self._random.choice((0, 20, 50, 50, 50, 90)),
                delay_s=self._random.choice((None, None, None, None, 30.0)),
                retry=RetryRequest(kind="fixed", base_s=600, jitter=0),
                max_attempts=2,
            )
            self._finished.append(self._broker.submit(request, submitted_by="test").job.job_id)
            self.moves += 1
        del self._finished[:-200]

    def run(self, per_s: float) -> None:
        """Make about `per_s` moves a second until stopped."""
        started, before = time.monotonic(), self.moves
        try:
            while not self._stopping.is_set():
                self._beat()
                ahead_s = (self.moves - before) / per_s - (time.monotonic() - started)
                if ahead_s > 0:
                    self._stopping.wait(min(ahead_s, 0.05))
                else:
                    self._move()
        except BaseException as error:
            self.error = error

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_at < _HEARTBEAT_S:
            return
        self._beaten_at = time.monotonic()
        held = [HeldJob(job_id=grant.job_id, fence=grant.fence) for grant in self._held]
        with contextlib.suppress(redis.RedisError):
            self._registry.heartbeat(self._worker_id, "traffic", held)

    def _move(self) -> None:
        try:
            self._choose()()
        except (Conflict, NotFound, redis.RedisError):
            self.moves += 1  # it moved on by itself, or the server is away

    def _choose(self) -> Callable[[], None]:
        if len(self._held) < _RUNNING:
            return self._claim
        return self._random.choices(
            (self._advance, self._end, self._cancel, self._retry), (60, 35, 3, 2)
        )[0]

    def _claim(self) -> None:
        self.submit(_RUNNING)
        given = self._broker.claim(self._worker_id, _RUNNING)
        self.moves += len(given)
        self._held += given

    def _advance(self) -> None:
        grant = self._random.choice(self._held)
        if grant.fence not in self._started:
            self._started.add(grant.fence)
            self._broker.start(self._worker_id, grant.job_id, grant.fence)
        else:
            percent = self._random.randrange(100)
            message = JobProgress(job_id=grant.job_id, fence=grant.fence, percent=percent)
            self._broker.progress(self._worker_id, message)
        self.moves += 1

    def _end(self) -> None:
        grant = self._held.pop(self._random.randrange(len(self._held)))
        self._started.discard(grant.fence)
        if self._random.random() < 0.8:
            self._broker.complete(self._worker_id, grant.job_id, grant.fence, b"null")
        else:
            error = ReportedError(type="Broken", message="by chance")
            self._broker.fail(self._worker_id, grant.job_id, grant.fence, error)
        self.moves += 2

    def _cancel(self) -> None:
        self._broker.cancel(self._random.choice(self._finished), actor="test")
        self.moves += 1

    def _retry(self) -> None:
        self._broker.retry(self._random.choice(self._finished), actor="test")
        self.moves += 1

    def pause(self) -> None:
        """Let it end before the block of `flowing` does."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(20)

    @contextmanager
    def flowing(self, per_s: float) -> Iterator[Traffic]:
        """Run in a thread for the time of the block."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self.run, args=(per_s,), daemon=True)
        self._thread.start()
        try:
            yield self
        finally:
            self.pause()
        if self.error is not None:
            raise self.error
