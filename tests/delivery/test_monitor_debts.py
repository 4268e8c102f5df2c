"""What a monitor was not sent in time reaches it later: windows, progress, ties at a window's end."""

from __future__ import annotations

import pytest

from hub import reports
from hub.chaos.monitor_model import MonitorModel
from hub.job_broker import Assignment, JobBroker
from hub.messages import JobProgress, Register, SubmitRequest
from hub.worker_registry import WorkerRegistry
from tests.support.monitors import RecordingPeer
from tests.support.stand import Stand
from tests.support.waiting import wait_until

SUBMIT = SubmitRequest(job_type="demo")


@pytest.fixture
def worker(registry: WorkerRegistry) -> str:
    registry.register(Register(worker_id="w1", job_types=["demo"], slots=500), "socket")
    return "w1"


def submit(broker: JobBroker, count: int = 1) -> None:
    broker.submit_batch([SUBMIT] * count, submitted_by="test")


def run(broker: JobBroker, worker: str) -> Assignment:
    submit(broker)
    (given,) = broker.claim(worker, 1)
    broker.start(worker, given.job_id, given.fence)
    return given


def progress(broker: JobBroker, worker: str, given: Assignment, percent: int) -> None:
    message = JobProgress(job_id=given.job_id, fence=given.fence, percent=percent)
    broker.progress(worker, message)


def hold_progress_back(
    stand: Stand, broker: JobBroker, worker: str
) -> tuple[RecordingPeer, MonitorModel]:
    """Connect a monitor that was told of 10 % a moment ago, so that 20 % has to wait."""
    given = run(broker, worker)
    peer, model = stand.connect()
    stand.settle(peer, model)
    progress(broker, worker, given, 10)
    stand.differences(peer, model)
    progress(broker, worker, given, 20)
    submit(broker)
    assert stand.differences(peer, model) == []
    assert model.rows["active"][0]["progress"]["percent"] == 10
    return peer, model


def test_refilled_list_reaches_a_monitor_when_it_was_stuck_meanwhile(
    stand: Stand, broker: JobBroker, worker: str
) -> None:
    submit(broker, 250)
    stuck, stuck_model = stand.connect()
    _, quick_model = quick = stand.connect()
    stand.settle(stuck, stuck_model)
    stuck.open = False
    submit(broker)
    wait_until(lambda: stuck.backlog_bytes, what="a frame in the stuck outbox")
    broker.claim(worker, 60)
    stand.settle(*quick)
    assert quick_model.heard["window"] > 0

    stuck.open = True
    stuck.drain()
    stuck.feed(stuck_model)
    assert stand.differences(stuck, stuck_model) == []
    assert len(stuck_model.rows["pending"]) == 100


def test_held_progress_reaches_a_monitor_when_it_was_stuck_meanwhile(
    stand: Stand, broker: JobBroker, worker: str
) -> None:
    peer, model = hold_progress_back(stand, broker, worker)
    peer.open = False
    submit(broker)
    wait_until(lambda: peer.backlog_bytes, what="a frame in the stuck outbox")
    other, other_model = stand.connect()
    stand.settle(other, other_model)
    wait_until(lambda: not _holds(stand), what="the group has told what it held back")

    peer.open = True
    stand.settle(peer, model)
    assert model.heard["full_state_snapshot"] == 1


def test_held_progress_reaches_a_monitor_when_it_resumes_before_it_was_due(
    stand: Stand, broker: JobBroker, worker: str
) -> None:
    hold_progress_back(stand, broker, worker)
    stand.reconnect(0)
    peer, model = stand.monitors[0]
    stand.settle(peer, model)
    assert model.heard["full_state_snapshot"] == 1
    assert model.heard["resumed"] == 1


def test_order_is_that_of_redis_when_jobs_finish_in_the_same_millisecond(
    stand: Stand, broker: JobBroker, worker: str
) -> None:
    peer, model = stand.connect()
    for _ in range(3):
        submit(broker, 60)
        told = [
            reports.completed(given.job_id, given.fence, b"1") for given in broker.claim(worker, 60)
        ]
        broker.settle(worker, told)
    assert stand.differences(peer, model) == []
    stand.settle(peer, model)
    assert len(model.rows["completed"]) == 100


def _holds(stand: Stand) -> bool:
    groups = stand.broadcaster._groups.values()
    return any(group._queue.progress.held for group in groups)
