"""A promise is kept by the start of a job or broken when it is due, once a job, waiting jobs included."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.config import Settings
from hub.job_broker import JobBroker
from hub.maintenance import Maintenance
from hub.messages import Register, SubmitRequest
from hub.metrics import MetricsReader
from hub.promises import PromiseRequest, Promises
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry


@pytest.fixture
def promises(service: RedisService) -> Promises:
    promises = Promises(service)
    promises.put(PromiseRequest(job_type="mail", target_s=10))
    return promises


@pytest.fixture
def due(service: RedisService, maintenance: Maintenance) -> Callable[[], tuple[int, int]]:
    def read() -> tuple[int, int]:
        while maintenance.run_once().seconds:
            pass
        metrics = MetricsReader(service)
        until = metrics.closed_until()
        counts = metrics.total(until - 1_000, until, "type:mail").counts
        return counts["slo_met"], counts["slo_missed"]

    return read


def submit(broker: JobBroker, **fields: object) -> str:
    request = SubmitRequest(job_type="mail", **fields)
    return broker.submit(request, submitted_by="test").job.job_id


def start_one(broker: JobBroker) -> tuple[str, int]:
    grant = broker.claim("w1", 1)[0]
    broker.start("w1", grant.job_id, grant.fence)
    return grant.job_id, grant.fence


def test_promise_is_kept_when_the_job_starts_in_time(
    promises: Promises, broker: JobBroker, registry: WorkerRegistry, pass_time, due
) -> None:
    registry.register(Register(worker_id="w1", job_types=["mail"]), "c1")
    submit(broker)
    pass_time(5)
    start_one(broker)
    pass_time(1)
    assert due() == (0, 0)  # it belongs to the second in which it was due
    pass_time(10)
    assert due() == (1, 0)


def test_promise_is_broken_once_when_the_job_waits_on(
    promises: Promises, broker: JobBroker, registry: WorkerRegistry, pass_time, due
) -> None:
    submit(broker)
    pass_time(12)
    assert due() == (0, 1)
    registry.register(Register(worker_id="w1", job_types=["mail"]), "c1")
    start_one(broker)
    pass_time(20)
    assert due() == (0, 1)


def test_promise_counts_for_neither_when_the_job_is_cancelled_before(
    promises: Promises, broker: JobBroker, pass_time, due
) -> None:
    broker.cancel(submit(broker), actor="test")
    pass_time(12)
    assert due() == (0, 0)


def test_promise_counts_once_when_the_job_runs_again(
    promises: Promises, broker: JobBroker, registry: WorkerRegistry, pass_time, due
) -> None:
    registry.register(Register(worker_id="w1", job_types=["mail"]), "c1")
    submit(broker)
    job_id, fence = start_one(broker)
    broker.complete("w1", job_id, fence, b"null")
    broker.retry(job_id, actor="test")
    start_one(broker)
    pass_time(12)
    assert due() == (1, 0)


def test_new_target_holds_from_then_on_when_it_changes(
    promises: Promises, broker: JobBroker, pass_time, due
) -> None:
    submit(broker)
    promises.put(PromiseRequest(job_type="mail", target_s=100))
    submit(broker)
    pass_time(12)
    assert due() == (0, 1)


def test_delayed_job_is_due_from_when_it_becomes_pending(
    promises: Promises, broker: JobBroker, maintenance: Maintenance, pass_time, due
) -> None:
    submit(broker, delay_s=60)
    pass_time(30)
    assert due() == (0, 0)
    pass_time(31)
    maintenance.run_once()
    pass_time(12)
    assert due() == (0, 1)


def test_promise_ends_when_it_is_put_without_a_target(
    promises: Promises, broker: JobBroker, settings: Settings
) -> None:
    promises.put(PromiseRequest(job_type="mail"))
    assert promises.all() == []
