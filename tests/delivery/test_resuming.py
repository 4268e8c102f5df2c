"""A monitor that goes on elsewhere shows whole lists soon, whatever its last hub had left out."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hub import reports
from hub.chaos.load import Load
from hub.event_log import COUNT_NAMES, EventLog, log_event
from hub.group_queue import GroupQueue
from hub.job_broker import JobBroker
from hub.maintenance import Maintenance
from hub.messages import Filters, Register, ResumePoint, SubmitRequest
from hub.redis_service import RedisService
from hub.subscription import Subscription
from hub.worker_registry import WorkerRegistry
from tests.support.stand import ALL, Stand
from tests.support.waiting import wait_until

FORMS = ("plain", "compact")
SUBMIT = SubmitRequest(job_type="demo")


@pytest.fixture
def poor(open_stand: Callable[..., Stand]) -> Stand:
    """A hub whose monitors may be sent next to nothing beyond polling."""
    return open_stand(monitor_burst_bytes=20_000)


@pytest.fixture
def short_ring(open_stand: Callable[..., Stand]) -> Stand:
    """A hub that has to read from the stream what is older than a hundred events."""
    return open_stand(ring_events=100)


@pytest.fixture
def worker(registry: WorkerRegistry, broker: JobBroker) -> str:
    """A worker with jobs that stay: polling tells them twice a push, so debts are paid soon."""
    registry.register(Register(worker_id="w1", job_types=["demo"], slots=100), "socket")
    broker.submit_batch([SUBMIT] * 50, submitted_by="test")
    broker.claim("w1", 50)
    return "w1"


def run_jobs(broker: JobBroker, worker: str, count: int, job_type: str = "demo") -> None:
    request = SubmitRequest(job_type=job_type)
    for _ in range(count // 50):
        broker.submit_batch([request] * 50, submitted_by="test")
        given = broker.claim(worker, 50)
        told = [reports.completed(item.job_id, item.fence, b"1") for item in given]
        broker.settle(worker, told)


@pytest.mark.parametrize("form", FORMS)
def test_short_lists_are_filled_when_their_monitor_goes_to_a_hub_without_debt(
    poor: Stand,
    stand: Stand,
    broker: JobBroker,
    worker: str,
    pass_time: Callable[[float], None],
    form: str,
) -> None:
    run_jobs(broker, worker, 200)
    pass_time(60)
    stand.settle(*stand.connect(form=form))
    wait_until(lambda: stand.broadcaster._desk.polling_bytes, what="what polling sends is known")
    peer, model = poor.connect(form=form)
    poor.settle(peer, model)
    run_jobs(broker, worker, 50)  # not what that hub's debt can be told by
    assert poor.differences(peer, model) == []
    assert len(model.rows["completed"]) < 100

    poor.reconnect(0, stand)
    stand.settle(*stand.monitors[1])
    assert model.heard["full_state_snapshot"] == 1
    assert len(model.rows["completed"]) == 100


@pytest.mark.parametrize("form", FORMS)
def test_short_lists_are_filled_when_another_monitor_comes_with_a_snapshot(
    poor: Stand, broker: JobBroker, worker: str, form: str
) -> None:
    run_jobs(broker, worker, 200)
    poor.settle(*poor.connect(form=form))
    poor.reconnect(0)  # a group that no snapshot began
    peer, model = poor.monitors[0]
    poor.settle(peer, model)
    run_jobs(broker, worker, 500)
    assert poor.differences(peer, model) == []
    assert len(model.rows["completed"]) < 100
    other = poor.connect(form=form)
    poor.settle(*other)
    poor.settle(peer, model)


def test_no_change_of_an_unknown_job_is_told_when_its_monitor_was_behind(
    stand: Stand, broker: JobBroker, registry: WorkerRegistry, worker: str
) -> None:
    registry.register(Register(worker_id="w2", job_types=["other"], slots=50), "socket")
    run_jobs(broker, worker, 150)
    quick = stand.connect(form="compact")
    behind, model = stand.connect(form="compact")
    for monitor in (quick, (behind, model)):
        stand.settle(*monitor)
    behind.open = False
    broker.submit_batch([SUBMIT], submitted_by="test")
    wait_until(lambda: behind.backlog_bytes, what="a frame in the outbox")
    newest = [row["job_id"] for row in model.rows["completed"][:30]]
    broker.retry_many(
        newest, actor="test"
    )  # they leave the list, but are told once they are cancelled
    run_jobs(broker, "w2", 50, "other")
    broker.cancel_many(newest, actor="test")
    stand.settle(*quick)
    behind.open = True
    assert stand.differences(behind, model) == []
    assert len(model.rows["completed"]) < 90
    assert model.hollow

    last = quick[1].rows["completed"][-1]["job_id"]
    broker.retry(last, actor="test")
    assert stand.differences(behind, model) == []
    stand.reconnect(1)
    stand.settle(*stand.monitors[1])


class _Interrupted(EventLog):
    """Reads the stream; whoever waits for that does something else before it is read."""

    def __init__(self, service: RedisService, meanwhile: Callable[[], None]) -> None:
        super().__init__(service)
        self._meanwhile = [meanwhile]

    def read_after(self, seq: int, count: int) -> list[bytes]:
        found = super().read_after(seq, count)
        if self._meanwhile:
            self._meanwhile.pop()()
        return found


def test_chain_holds_when_a_monitor_asks_anew_while_the_stream_is_read_for_it(
    short_ring: Stand, service: RedisService, broker: JobBroker
) -> None:
    stand = short_ring
    peer, model = stand.connect()
    stand.settle(peer, model)
    stand.broadcaster.leave(peer)  # type: ignore[arg-type]
    broker.submit_batch([SUBMIT] * 300, submitted_by="test")
    subscription = Subscription(ALL, Filters(), "plain")
    resume = ResumePoint(epoch=model.epoch, seq=model.seq)

    def ask_anew() -> None:
        stand.broadcaster.leave(peer)  # type: ignore[arg-type]
        stand.broadcaster.seat(peer, subscription, resume)  # type: ignore[arg-type]

    stand.broadcaster._desk._log = _Interrupted(service, ask_anew)
    wait_until(lambda: not stand.replicator.reaches(model.seq), what="the ring has moved on")
    stand.broadcaster.seat(peer, subscription, resume)  # type: ignore[arg-type]
    stand.settle(peer, model)
    assert model.heard["resumed"] == 2


@pytest.mark.parametrize("seed", range(2))
def test_records_equal_redis_when_monitors_go_from_hub_to_hub(
    poor: Stand,
    stand: Stand,
    load: Callable[..., Load],
    maintenance: Maintenance,
    broker: JobBroker,
    seed: int,
) -> None:
    rng = random.Random(seed)
    driver = load(seed, backlog=rng.choice((40, 110, 150, 300)))
    hubs = (poor, stand)
    filters: list[dict[str, Any]] = [{}, {"job_types": ["mail"]}, {"priority_range": [60, 100]}]
    for wanted in filters:
        for hub in hubs:
            hub.connect(wanted, form="compact")
    for step in range(1_500):
        driver.act()
        if step % 100 == 0:
            maintenance.run_once()
        there, here = rng.choices(hubs, k=2)
        if there.monitors and rng.random() < 0.03:
            place = rng.randrange(len(there.monitors))
            there.reconnect(place, here, says_short=rng.random() < 0.5)
    for hub in hubs:
        for monitor in hub.monitors:
            assert hub.differences(*monitor) == []
    for hub in hubs:
        for monitor in hub.monitors:
            hub.settle(*monitor)


@pytest.mark.parametrize(
    ("waiting", "suspect"), [(30, set()), (200, {"pending"})], ids=["all shown", "cut"]
)
def test_list_is_suspect_when_a_job_left_it_before_its_rows_were_known(
    waiting: int, suspect: set[str]
) -> None:
    queue = GroupQueue(Subscription(ALL, Filters(), "compact"), 0)
    counts = tuple({"pending": waiting}.get(name, 0) for name in COUNT_NAMES)
    left = {
        "seq": 1,
        "type": "job_assigned",
        "timestamp": 1,
        "job_id": "j1",
        "old_status": "pending",
        "new_status": "assigned",
        "job": {"job_id": "j1", "job_type": "demo", "status": "assigned", "rev": 2, "priority": 50},
    }
    queue.take([log_event(msgspec.json.encode(left), counts)], 0.0)
    assert queue.suspect == suspect
