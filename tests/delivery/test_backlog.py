"""Claims that would find nothing are not made: they would stand before the next job in Redis' line."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from hub.config import Settings
from hub.dispatcher import Dispatcher
from hub.intake import Intake
from hub.job_broker import Assignment, JobBroker
from hub.matching import Profile
from hub.messages import Register, SubmitRequest
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.stand import Stand
from tests.support.waiting import wait_until

SUBMIT = SubmitRequest(job_type="demo")


class CountingBroker(JobBroker):
    """Counts the claims."""

    claims = 0

    def claim(self, *args: Any, **options: Any) -> list[Assignment]:
        self.claims += 1
        return super().claim(*args, **options)


class HeldBroker(JobBroker):
    """Answers of claims that gave something are late, once `late` is set, until `come` is."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.late, self.held, self.come = threading.Event(), threading.Event(), threading.Event()

    def claim(self, *args: Any, **options: Any) -> list[Assignment]:
        assignments = super().claim(*args, **options)
        if assignments and self.late.is_set():
            self.held.set()
            assert self.come.wait(20)
        return assignments


class Socket:
    """A worker's socket with places that never fill."""

    connection_id, profile_id, draining, holding, rev, free = "socket", "p", False, 0, 0, 60
    profile = Profile(["demo"], {})

    def __init__(self, worker_id: str) -> None:
        self.worker_id = worker_id
        self.waits = False
        self.pushed: list[Assignment] = []

    def assign(self, assignments: Sequence[Assignment]) -> None:
        self.pushed += assignments


@contextmanager
def dispatching(
    stand: Stand, broker: JobBroker, registry: WorkerRegistry
) -> Iterator[tuple[Dispatcher, list[Socket]]]:
    """Two workers on a hub of their own."""
    sockets = [Socket("w1"), Socket("w2")]
    dispatcher = Dispatcher(broker, stand.replicator)
    dispatcher.start()
    try:
        for socket in sockets:
            register = Register(worker_id=socket.worker_id, job_types=["demo"], slots=60)
            registry.register(register, socket.connection_id)
            dispatcher.add(cast(Any, socket))
        yield dispatcher, sockets
    finally:
        dispatcher.stop()


def test_each_job_is_claimed_once_when_jobs_come_one_by_one(
    stand: Stand, service: RedisService, settings: Settings, registry: WorkerRegistry
) -> None:
    broker = CountingBroker(service, settings)
    with dispatching(stand, broker, registry) as (dispatcher, sockets):
        broker.submit(SUBMIT, submitted_by="test")
        wait_until(lambda: any(socket.pushed for socket in sockets))
        before = broker.claims
        for count in range(2, 32):
            dispatcher.submitted([broker.submit(SUBMIT, submitted_by="test").job])
            wait_until(lambda count=count: sum(len(s.pushed) for s in sockets) == count)
            newest = max((job for s in sockets for job in s.pushed), key=lambda job: job.fence)
            holder = next(s for s in sockets if newest in s.pushed)
            broker.complete(holder.worker_id, newest.job_id, newest.fence, b"1")
    assert broker.claims - before <= 45  # 30; a look every 250 ms may come between


def test_nothing_is_claimed_when_jobs_of_a_paused_type_come(
    stand: Stand, service: RedisService, settings: Settings, registry: WorkerRegistry
) -> None:
    broker = CountingBroker(service, settings)
    with dispatching(stand, broker, registry) as (dispatcher, sockets):
        broker.submit(SUBMIT, submitted_by="test")
        wait_until(lambda: any(socket.pushed for socket in sockets))
        broker.pause("demo", actor="ann")
        wait_until(lambda: not dispatcher._backlog.is_open("demo"))
        before = broker.claims
        for _ in range(100):
            dispatcher.submitted([broker.submit(SUBMIT, submitted_by="test").job])
        wait_until(lambda: dispatcher._backlog.pending == 100)
        assert broker.claims - before <= 50  # looks every 250 ms only
        broker.resume("demo", actor="ann")
        wait_until(lambda: sum(len(socket.pushed) for socket in sockets) == 101)


def test_job_is_pushed_before_its_submission_is_answered_when_a_worker_waits(
    stand: Stand, service: RedisService, settings: Settings, registry: WorkerRegistry
) -> None:
    broker = CountingBroker(service, settings)
    with dispatching(stand, broker, registry) as (dispatcher, sockets):
        intake = Intake(broker, dispatcher)
        intake.submit(SUBMIT, submitted_by="test")  # makes the lane
        wait_until(lambda: any(socket.pushed for socket in sockets))
        for socket in sockets:
            socket.pushed.clear()
            socket.waits = True
        before = broker.claims
        made = [intake.submit(SUBMIT, submitted_by="test").job.job_id for _ in range(6)]
        turns = [[job.job_id for job in socket.pushed] for socket in sockets]
        assert sorted(turns) == sorted([made[::2], made[1::2]])
        assert broker.claims - before <= 3  # looks every 250 ms only


def test_job_is_claimed_by_the_thread_when_no_worker_waits_for_it(
    stand: Stand, service: RedisService, settings: Settings, registry: WorkerRegistry
) -> None:
    broker = CountingBroker(service, settings)
    with dispatching(stand, broker, registry) as (dispatcher, sockets):
        made = Intake(broker, dispatcher).submit(SUBMIT, submitted_by="test")
        wait_until(lambda: any(socket.pushed for socket in sockets))
        (given,) = [job for socket in sockets for job in socket.pushed]
        assert given.job_id == made.job.job_id


def test_jobs_are_pushed_as_they_were_given_when_the_answer_of_a_claim_is_late(
    stand: Stand, service: RedisService, settings: Settings, registry: WorkerRegistry
) -> None:
    broker = HeldBroker(service, settings)
    with dispatching(stand, broker, registry) as (dispatcher, (taker, other)):
        intake = Intake(broker, dispatcher)
        other.free = 0
        intake.submit(SUBMIT, submitted_by="test")  # makes the lane
        wait_until(lambda: taker.pushed)
        broker.late.set()
        intake.submit(SUBMIT, submitted_by="test")  # the thread claims it: nobody waits
        assert broker.held.wait(20)
        taker.waits = True
        intake.submit(SUBMIT, submitted_by="test")
        assert len(taker.pushed) == 1  # a job given later would overtake the one on its way
        broker.come.set()
        wait_until(lambda: len(taker.pushed) == 3)
        fences = [job.fence for job in taker.pushed]
        assert fences == sorted(fences)
