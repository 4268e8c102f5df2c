"""What a hub's threads owe to others is paid, whatever fails beside it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any, cast

from hub.dispatcher import Dispatcher
from hub.event_log import LoggedEvent
from hub.job_broker import JobBroker
from hub.messages import Register, SubmitRequest
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.stand import Stand
from tests.support.waiting import wait_until

SUBMIT = SubmitRequest(job_type="demo")


class Hearer:
    """A listener that fails at the first events that it hears, if it is to."""

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.events = 0
        self.restarts = 0

    def on_events(self, events: Sequence[LoggedEvent]) -> None:
        if self.fails:
            self.fails = False
            raise ValueError("cannot")
        self.events += len(events)

    def on_restart(self) -> None:
        self.restarts += 1


def test_no_monitor_is_left_behind_when_it_leaves_while_its_snapshot_is_read(
    stand: Stand, service: RedisService
) -> None:
    peer, _ = stand.connect()
    desk, cache = stand.broadcaster._desk, stand.broadcaster._cache
    reads = cache.reads
    service.redis.execute_command("CLIENT", "PAUSE", "1000", "ALL")
    stand.broadcaster.on_restart()
    wait_until(lambda: cache.reads > reads, what="the snapshot's read")
    stand.broadcaster.leave(cast(Any, peer))
    done = threading.Event()
    desk.want(done.set)
    assert done.wait(20)
    assert stand.broadcaster.monitors == 0
    assert not stand.broadcaster._groups


def test_other_listeners_hear_every_event_when_one_fails(stand: Stand, broker: JobBroker) -> None:
    failing, sound = Hearer(fails=True), Hearer(fails=False)
    stand.replicator.listen(failing)
    stand.replicator.listen(sound)
    broker.submit(SUBMIT, submitted_by="test")
    broker.submit(SUBMIT, submitted_by="test")
    wait_until(lambda: sound.events == 2, what="both events")
    assert failing.restarts == 1


class _Worker:
    """A worker's socket whose first push fails."""

    worker_id, connection_id, profile_id = "w1", "socket", "p"
    draining, holding, rev, free = False, 0, 0, 1

    def __init__(self) -> None:
        self.pushed: list[Any] = []
        self.fails = True

    def assign(self, assignments: Sequence[Any]) -> None:
        if self.fails:
            self.fails = False
            raise ValueError("cannot")
        self.pushed += assignments


def test_jobs_are_handed_out_when_a_push_failed_before(
    stand: Stand, broker: JobBroker, registry: WorkerRegistry
) -> None:
    registry.register(Register(worker_id="w1", job_types=["demo"], slots=5), "socket")
    worker = _Worker()
    dispatcher = Dispatcher(broker, stand.replicator)
    dispatcher.start()
    try:
        dispatcher.add(cast(Any, worker))
        broker.submit(SUBMIT, submitted_by="test")
        wait_until(lambda: not worker.fails, what="the push that fails")
        broker.submit(SUBMIT, submitted_by="test")
        wait_until(lambda: worker.pushed, what="a push after it")
    finally:
        dispatcher.stop()


# As in a hub: there a greenlet runs while a thread is being started.
END_AS_A_BACKLOG_BEGINS = """
from gevent import monkey
monkey.patch_all()
import socket, gevent
from hub.ws.outbox import OutboxSocket
ours, theirs = socket.socketpair()
outbox = OutboxSocket(ours, 10_000_000)
sending = gevent.spawn(outbox.send, bytes(1_000_000))  # more than the system takes: a writer begins
ending = gevent.spawn(outbox.flush, 0)
gevent.joinall([sending, ending], raise_error=True)
outbox.abort()
"""


def test_connection_ends_in_order_when_its_backlog_begins_at_that_moment() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", END_AS_A_BACKLOG_BEGINS], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
