"""Every figure, recomputed from the raw job records with pandas and compared bucket by bucket."""

from __future__ import annotations

import random

import pytest

from hub.messages import SubmitRequest
from hub.metrics import MetricsReader
from hub.redis_service import RedisService
from tests.support.history import History, PastJob
from tests.support.ledger import START
from tests.support.truth import assert_bucket, busy_ms, records

TYPES = ("resize", "mail", "report")


def past(count: int, seed: int = 7) -> list[PastJob]:
    """A made-up past of three types that overload two workers now and then."""
    chance = random.Random(seed)
    at, jobs = START, []
    for _ in range(count):
        at += int(chance.expovariate(1 / 12_000))
        jobs.append(
            PastJob(
                submit_at=at,
                run_ms=int(chance.lognormvariate(9.5, 1.2)),
                job_type=chance.choice(TYPES),
                outcome=chance.choices(("completed", "failed", "cancelled"), (90, 7, 3))[0],
                error=f"row {chance.randrange(1000)} is missing",
            )
        )
    return jobs


@pytest.mark.parametrize("step_s", [60, 900, 3_600, 86_400])
def test_figures_equal_the_records_when_a_past_is_played(
    history: History, service: RedisService, step_s: int
) -> None:
    history.add_worker("w1", 3, TYPES)
    history.add_worker("w2", 1, TYPES[:2])
    history.play(past(400))
    history.settle()
    jobs = records(service)
    assert len(jobs) == 400
    metrics = MetricsReader(service)
    end_s = history.now // 1000 + 1
    groups = {"all": jobs}
    groups |= {f"type:{name}": jobs[jobs["job_type"] == name] for name in TYPES}
    for group, rows in groups.items():
        seen = 0
        for bucket in metrics.buckets(step_s, START // 1000 - step_s, end_s, group):
            start_ms, end_ms = bucket.start_s * 1000, (bucket.start_s + step_s) * 1000
            assert_bucket(bucket.figures, rows, start_ms, end_ms)
            seen += bucket.figures.counts["completed"]
        assert seen == (rows["status"] == "completed").sum()


def test_worker_figures_equal_the_records_when_a_past_is_played(
    history: History, service: RedisService
) -> None:
    history.add_worker("w1", 3, TYPES)
    history.add_worker("w2", 1, TYPES[:2])
    history.play(past(200))
    history.settle()
    jobs = records(service)
    metrics = MetricsReader(service)
    end_s = history.now // 1000 + 1
    for worker_id, slots in (("w1", 3), ("w2", 1)):
        rows = jobs[jobs["worker_id"] == worker_id]
        total = metrics.total(START // 1000, end_s, f"worker:{worker_id}")
        assert total.counts["completed"] == (rows["status"] == "completed").sum()
        assert total.counts["failed"] == (rows["status"] == "failed").sum()
        closed_ms = metrics.closed_until() * 1000
        assert total.counts["offered_ms"] == pytest.approx(slots * (closed_ms - START), rel=0.005)
        assert total.counts["busy_ms"] == pytest.approx(
            busy_ms(rows, START, closed_ms), rel=0.005, abs=50
        )


def test_errors_are_one_kind_when_only_numbers_differ(
    history: History, service: RedisService
) -> None:
    history.add_worker("w1", 4, TYPES)
    history.play(past(150))
    history.settle()
    failed = int((records(service)["status"] == "failed").sum())
    kinds = MetricsReader(service).errors(START // 1000, history.now // 1000 + 1, "all", 10)
    assert [(kind.error_type, kind.message, kind.count) for kind in kinds] == [
        ("PastError", "row <n> is missing", failed)
    ]


def test_backlog_peak_is_exact_when_jobs_pile_up(history: History, service: RedisService) -> None:
    for number in range(7):
        history.go_to(START + number * 1_000)
        history.broker.submit(SubmitRequest(job_type="mail"), submitted_by="past")
    history.settle()
    metrics = MetricsReader(service)
    peaks = [
        bucket.figures.pending_max
        for bucket in metrics.buckets(1, START // 1000, START // 1000 + 7, "type:mail")
    ]
    assert peaks == [1, 2, 3, 4, 5, 6, 7]
