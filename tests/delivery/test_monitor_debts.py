"""What a monitor was not sent in time reaches it later: windows, progress, ties at a window's end."""

from __future__ import annotations

import pytest

from hub import reports
from hub.chaos.monitor_model import MonitorModel
from hub.job_broker import Assignment, JobBroker
from hub.messages import JobProgress, Register, SubmitRequest
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.monitors import RecordingPeer
from tests.support.stand import Stand
from tests.support.waiting import wait_until

SUBMIT = SubmitRequest(job_type="demo")

# Refused results, which no fold leaves out: as many events as one likes in one call.
REJECT_MANY = """
local epoch, first = redis.call('HGET', KEYS[1], 'epoch'), redis.call('HGET', KEYS[1], 'seq') + 1
local lines = {}
for n = first, first + ARGV[1] - 1 do
  lines[#lines + 1] = '{"seq":' .. n .. ',"type":"result_rejected","timestamp":1,"job_id":"j","fence":1}'
  redis.call('XADD', KEYS[2], n .. '-0', 'e', lines[#lines])
end
redis.call('HINCRBY', KEYS[1], 'seq', ARGV[1])
redis.call('PUBLISH', KEYS[3], epoch .. ' ' .. first .. '\\n' .. table.concat(lines, '\\n'))
"""


@pytest.fixture
def worker(registry: WorkerRegistry) -> str:
    registry.register(Register(worker_id="w1", job_types=["demo"], slots=500), "socket")
    return "w1"


def submit(broker: JobBroker, count: int = 1) -> None:
    broker.submit_batch([SUBMIT] * count, submitted_by="test")


def reject_keys(service: RedisService) -> tuple[str, str, str]:
    return service.keys.meta, service.keys.events, service.keys.channel


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


def test_stuck_monitor_begins_anew_when_it_missed_more_than_polling_sends(
    stand: Stand, broker: JobBroker, worker: str
) -> None:
    stuck, stuck_model = stand.connect()
    quick, quick_model = stand.connect()
    stand.settle(stuck, stuck_model)
    wait_until(lambda: stand.broadcaster._desk.polling_bytes, what="what polling sends is known")
    stuck.open = False
    submit(broker)
    wait_until(lambda: stuck.backlog_bytes, what="a frame in the stuck outbox")
    submit(broker, 300)  # 130 kB of records, newer than any snapshot
    assert stand.differences(quick, quick_model) == []

    stuck.open = True
    stuck.drain()
    before = stuck.bytes_sent
    stand.settle(stuck, stuck_model)
    assert stuck_model.heard["full_state_snapshot"] == 2
    assert stuck.bytes_sent - before < 100_000


def test_group_begins_anew_when_more_events_wait_than_it_may_hold(
    stand: Stand, service: RedisService, broker: JobBroker
) -> None:
    peer, model = stand.connect()
    stand.settle(peer, model)
    (group,) = stand.broadcaster._groups.values()
    group.budget.spend(2**40)  # a debt that is not paid in this test: whatever happens waits
    meter = stand.broadcaster.meter
    for waiting in range(5_000, 60_000, 5_000):  # half of what the ring holds, each time
        service.redis.eval(REJECT_MANY, 3, *reject_keys(service), 5_000)
        head = stand.snapshots.read_position().seq
        wait_until(
            lambda head=head: group._queue.seen >= head or meter.resyncs,
            what="all of it is taken in",
        )
        assert not meter.resyncs or waiting > 50_000
    wait_until(lambda: meter.resyncs, what="the monitor begins anew")
    submit(broker)
    stand.settle(peer, model)
    assert model.heard["full_state_snapshot"] == 2


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
