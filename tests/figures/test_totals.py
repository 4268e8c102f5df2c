"""What /metrics counts for ever equals the records, told by job type, a hundred of them at most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.core import Metric

from hub import reports
from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.maintenance import Maintenance
from hub.messages import Register, SubmitRequest
from hub.redis_service import RedisService
from hub.totals import BOUNDS_MS, Totals
from hub.worker_registry import WorkerRegistry
from tests.figures.test_truth import TYPES, past
from tests.support.history import History
from tests.support.redis_process import running_redis
from tests.support.truth import records

Samples = dict[tuple[str, ...], float]


def samples(families: list[Metric]) -> Samples:
    """Each sample by its name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_totals_equal_the_records_when_a_past_is_played(
    history: History, service: RedisService
) -> None:
    history.add_worker("w1", 3, TYPES)
    history.play(past(200))
    history.settle()
    told, jobs = samples(list(Totals(service).families())), records(service)
    for job_type in TYPES:
        rows = jobs[jobs["job_type"] == job_type]
        assert told["jobhub_jobs_submitted_total", job_type] == len(rows)
        for status, count in rows["status"].value_counts().items():
            assert told["jobhub_jobs_finished_total", job_type, str(status)] == count
        ran_ms = rows[rows["status"] != "cancelled"]["run_ms"].dropna().astype(int).tolist()
        name = "jobhub_job_run_seconds"
        assert told[f"{name}_count", job_type] == len(ran_ms)
        assert told[f"{name}_sum", job_type] == pytest.approx(sum(ran_ms) / 1000, rel=0.02)
        for bound_ms in BOUNDS_MS:
            low, high = (
                sum(value <= bound_ms * share for value in ran_ms) for share in (0.98, 1.02)
            )
            assert low <= told[f"{name}_bucket", job_type, str(bound_ms / 1000)] <= high
    busy_s = sum(told["jobhub_busy_slot_seconds_total", job_type] for job_type in TYPES)
    assert busy_s <= told["jobhub_offered_slot_seconds_total",]


def test_runs_are_told_when_none_took_a_millisecond(
    service: RedisService,
    broker: JobBroker,
    registry: WorkerRegistry,
    maintenance: Maintenance,
    pass_time: Callable[[float], None],
) -> None:
    registry.register(Register(worker_id="w1", job_types=["mail"]), "socket")
    broker.submit(SubmitRequest(job_type="mail"), submitted_by="test")
    (given,) = broker.claim("w1", 1)
    grant = (given.job_id, given.fence)
    broker.settle("w1", [reports.started(*grant), reports.completed(*grant, b"1")])
    pass_time(2)
    maintenance.run_once()
    told = samples(list(Totals(service).families()))
    assert told["jobhub_job_run_seconds_count", "mail"] == 1
    assert told["jobhub_job_run_seconds_sum", "mail"] == 0


def test_types_beyond_a_hundred_are_told_as_one(
    service: RedisService, broker: JobBroker, maintenance: Maintenance, pass_time
) -> None:
    for number in range(110):
        broker.submit(SubmitRequest(job_type=f"type-{number}"), submitted_by="test")
    pass_time(2)
    maintenance.run_once()
    told = samples(list(Totals(service).families()))
    submitted = {key[1]: value for key, value in told.items() if "submitted" in key[0]}
    assert len(submitted) == 101
    assert submitted["(other)"] == 10


def test_last_totals_are_told_when_redis_is_gone(tmp_path: Path) -> None:
    now = 0.0
    with running_redis(tmp_path) as server:
        service = RedisService(server.url, Keys("totals"))
        settings = load_settings({}, {"redis_url": server.url, "namespace": "totals"})
        JobBroker(service, settings).submit(SubmitRequest(job_type="mail"), submitted_by="test")
        service.redis.hincrby(service.keys.meta, "offset_ms", 2_000)
        Maintenance(service, settings).run_once()
        totals = Totals(service, now=lambda: now)
        before = samples(list(totals.families()))
    now = 60.0
    assert samples(list(totals.families())) == before
    assert before["jobhub_jobs_submitted_total", "mail"] == 1
    service.close()
