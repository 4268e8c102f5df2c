"""Hands jobs to the workers whose sockets are on this hub.

What I am: a thread that claims for every worker with a free slot, woken by events that make
something claimable and by a look every quarter of a second. What I trade: a claim that finds nothing
costs a round trip, so workers with equal offers are asked for once a round, and nobody is asked for
while nothing is to be claimed as far as this hub has heard (hub.backlog).

A worker is asked for by one claim at a time: answers on two connections may overtake each other, and a job
that was given first would wait behind one that was given later.

Cancels, timeouts, drains and superseded names reach the worker's socket from here too, because they
may be decided on another hub: the event is the message.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import redis

from hub.backlog import Backlog
from hub.event_log import Event, LoggedEvent
from hub.job_broker import Assignment, JobBroker
from hub.matching import Lane, Profile, fits
from hub.records import Job
from hub.replicator import Replicator

_LOOK_EVERY_S: Final = 0.25
_LOOKED_AT: Final = 16  # workers that a submission asks; the thread finds the others
_TOLD_REASONS: Final = frozenset({"cancelled", "timeout"})

log = logging.getLogger(__name__)


class WorkerPeer(Protocol):
    """A worker's socket, as far as the dispatcher uses it."""

    worker_id: str
    connection_id: str
    profile: Profile
    profile_id: str
    draining: bool
    holding: int  # grants, as Redis told last
    told: frozenset[str]  # the jobs of these, by the last event
    rev: int  # of the worker's record when it registered here

    @property
    def free(self) -> int:
        """Slots and prefetch places that nothing holds."""

    @property
    def waits(self) -> bool:
        """Whether a slot is free: the next job would begin at once."""

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Push jobs."""

    def cancel(self, job_id: str, fence: int, reason: str) -> None:
        """Tell that a grant is over."""

    def drain(self, draining: bool) -> None:
        """Tell that nothing new will come, or that jobs come again."""

    def supersede(self) -> None:
        """Close: another connection has the name."""


class Dispatcher:
    """Claims for the workers of this hub."""

    def __init__(self, broker: JobBroker, replicator: Replicator) -> None:
        self._broker = broker
        self._backlog = Backlog(replicator)
        self._workers: dict[str, WorkerPeer] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._turn = 0
        self._claiming: set[str] = set()  # workers for whom a claim is under way
        self._skipped = False  # a sweep passed one of them over
        self._look = False  # whatever the backlog says
        self._failing = False
        replicator.listen(self)

    def start(self) -> None:
        """Begin to hand out jobs."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; sockets are closed by their owner."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(5.0)

    def add(self, worker: WorkerPeer) -> None:
        """Hand jobs to a worker; an older socket of the same name is closed."""
        older = self._workers.get(worker.worker_id)
        self._workers[worker.worker_id] = worker
        if older is not None:
            older.supersede()
        self.wake()

    def remove(self, worker: WorkerPeer) -> None:
        """Forget a worker's socket, unless a newer one has taken its place."""
        if self._workers.get(worker.worker_id) is worker:
            del self._workers[worker.worker_id]

    def wake(self) -> None:
        """Look now: something may be claimable."""
        self._look = True
        self._wake.set()

    def submitted(self, jobs: Iterable[Job]) -> None:
        """Look now for jobs that a client of this hub submitted, without waiting for their events."""
        if any(self._backlog.is_news(job) for job in jobs):
            self.wake()

    @contextmanager
    def reserved(self, lane: Lane) -> Iterator[WorkerPeer | None]:
        """Choose a worker that waits for a job of `lane`; within, nobody else claims for it.

        None where none is found soon, or where the thread is about to look anyway.
        """
        worker = self._next_waiting(lane)
        if worker is None:
            yield None
            return
        self._claiming.add(worker.worker_id)
        try:
            yield worker
        finally:
            self._claiming.discard(worker.worker_id)
            if self._skipped:
                self._skipped = False
                self.wake()

    def _next_waiting(self, lane: Lane) -> WorkerPeer | None:
        if self._look or not self._backlog.is_open(lane.job_type):
            return None
        for _ in range(min(_LOOKED_AT, len(self._workers))):
            worker = self._workers.pop(next(iter(self._workers)))
            self._workers[worker.worker_id] = worker
            if worker.worker_id in self._claiming:
                continue
            if worker.waits and not worker.draining and fits(lane, worker.profile):
                return worker
        return None

    def give(self, worker: WorkerPeer, assignments: Sequence[Assignment]) -> None:
        """Push what a worker was given."""
        self._backlog.given(assignments)
        worker.assign(assignments)

    def given(self, assignments: Sequence[Assignment]) -> None:
        """Note what a worker of this hub was given by its own messages."""
        self._backlog.given(assignments)

    def on_events(self, events: Sequence[LoggedEvent]) -> None:
        """Hear what became claimable, and what the workers here must be told."""
        claimable = False
        for logged in events:
            event = logged.event
            self._backlog.hear(event)
            if event.new_status == "pending":
                claimable = claimable or self._backlog.is_open(event.after.job_type)
            elif event.type == "queue_changed":
                self.wake()
            elif event.type.startswith("worker_"):
                self._hear_worker(event)
            elif event.reason in _TOLD_REASONS:
                self._hear_end(event)
        if claimable and self._backlog.size > 0:
            self._wake.set()

    def on_restart(self) -> None:
        """Events may be missing: look."""
        self._backlog.forget()
        self.wake()

    def sweep(self) -> int:
        """Claim once for every worker with a free slot; returns the jobs handed out."""
        waiting = [worker for worker in self._workers.values() if worker.free > 0]
        if not waiting:
            return 0
        self._turn = (self._turn + 1) % len(waiting)
        share = max(1, -(-self._backlog.size // len(waiting)))
        exhausted: set[str] = set()
        given = 0
        for worker in waiting[self._turn :] + waiting[: self._turn]:
            if worker.profile_id in exhausted or worker.draining:
                continue
            if worker.worker_id in self._claiming:
                self._skipped = True
                continue
            assignments = self._claim(worker, min(share, worker.free))
            if assignments:
                self.give(worker, assignments)
                given += len(assignments)
                if self._backlog.size <= 0:
                    break  # a claim for the next worker would find nothing
            else:
                exhausted.add(worker.profile_id)
        return given

    def _claim(self, worker: WorkerPeer, limit: int) -> list[Assignment]:
        self._claiming.add(worker.worker_id)
        try:
            return self._broker.claim(worker.worker_id, limit, connection_id=worker.connection_id)
        finally:
            self._claiming.discard(worker.worker_id)

    def _run(self) -> None:
        while not self._stopping.is_set():
            woken = self._wake.wait(_LOOK_EVERY_S)
            self._wake.clear()
            look, self._look = self._look, False
            if not look and (self._backlog.size if woken else self._backlog.pending) <= 0:
                continue
            try:
                # Jobs that are not counted yet are told in a moment, and wake this thread again.
                while self.sweep() and self._backlog.size > 0:
                    if self._stopping.is_set():
                        break
                self._failing = False
            except redis.RedisError as error:
                if not self._failing:
                    log.warning("no jobs are handed out until Redis works again: %s", error)
                self._failing = True
                self._stopping.wait(_LOOK_EVERY_S)
            except Exception:  # a thread that ends in silence would leave every job waiting
                log.exception("jobs could not be handed out; looking again")
                self._stopping.wait(_LOOK_EVERY_S)

    def _hear_end(self, event: Event) -> None:
        held = event.before
        worker = self._workers.get(held.worker_id or "")
        if worker is not None and event.job_id and held.fence:
            worker.cancel(event.job_id, held.fence, event.reason or "")

    def _hear_worker(self, event: Event) -> None:
        worker = self._workers.get(event.worker_id or "")
        if worker is None or event.worker is None or event.worker.rev <= worker.rev:
            return  # not ours, or what was told before it registered here
        if event.connection_id != worker.connection_id:
            if event.type == "worker_connected":
                worker.supersede()
            return
        worker.told = frozenset(event.worker.job_ids)
        worker.holding = len(worker.told)
        draining = event.new_status == "draining"
        if draining != worker.draining and event.new_status != "offline":
            worker.drain(draining)
        if worker.free > 0 and self._backlog.size > 0:
            self._wake.set()
