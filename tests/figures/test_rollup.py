"""Rolling up loses nothing, whenever and however often it runs, and whatever the clock does."""

from __future__ import annotations

import math
import random
import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.figures import add_row, figures_of, quantile
from hub.job_broker import JobBroker
from hub.maintenance import Maintenance
from hub.messages import Register, SubmitRequest
from hub.metrics import MetricsReader
from hub.redis_service import RedisService
from hub.steps import STEPS, step_for
from hub.worker_registry import WorkerRegistry

COUNTS = st.integers(min_value=0, max_value=1_000)
ROWS = st.dictionaries(
    st.sampled_from(["completed", "pending_max", "run:7", "run:80", "wait:3", "error:abc"]), COUNTS
)


def test_steps_of_the_scripts_are_those_that_are_read() -> None:
    source = (files("hub") / "lua" / "include" / "rollup.lua").read_text()
    written = re.findall(r"\{step_s = (\d+), shard_s = ([\d *]+), kept_s = ([\d *]+)\}", source)
    assert [
        (int(step_s), math.prod(map(int, shard_s.split("*")))) for step_s, shard_s, _ in written
    ] == [(step.step_s, step.shard_s) for step in STEPS]
    for step, (_, _, kept_s) in zip(STEPS, written, strict=True):
        assert math.prod(map(int, kept_s.split("*"))) > step.reach_s


@given(st.lists(ROWS, max_size=8), st.randoms())
def test_sum_is_the_same_when_rows_are_merged_in_any_order(
    rows: list[dict[str, int]], chance: random.Random
) -> None:
    def merged(parts: list[dict[str, int]]) -> dict[str, int]:
        total: dict[str, int] = {}
        for part in parts:
            add_row(total, part)
        return total

    shuffled = rows[:]
    chance.shuffle(shuffled)
    half = len(rows) // 2
    direct = merged(rows)
    assert merged(shuffled) == direct
    assert merged([merged(rows[:half]), merged(rows[half:])]) == direct
    figures = figures_of(direct)
    assert figures.counts["completed"] == sum(row.get("completed", 0) for row in rows)
    assert figures.pending_max == max((row.get("pending_max", 0) for row in rows), default=0)
    assert figures.histograms["run"][7] == sum(row.get("run:7", 0) for row in rows)
    assert figures.errors["abc"] == sum(row.get("error:abc", 0) for row in rows)


@given(st.lists(st.integers(min_value=1, max_value=10_000_000), min_size=1, max_size=300))
def test_quantile_is_within_two_percent_of_the_sorted_values(values: list[int]) -> None:
    bins: dict[int, int] = {}
    for value in values:
        bin_ = max(1, math.ceil(math.log(value) / math.log(1.02 / 0.98)))
        bins[bin_] = bins.get(bin_, 0) + 1
    for q in (0.0, 0.5, 0.95, 0.99):
        exact = sorted(values)[int(q * (len(values) - 1))]
        estimate = quantile(bins, q)
        assert estimate is not None
        assert abs(estimate - exact) <= 0.0201 * exact


def test_figures_are_the_same_when_seconds_are_closed_late_or_twice(
    service: RedisService,
    broker: JobBroker,
    registry: WorkerRegistry,
    maintenance: Maintenance,
    pass_time,
) -> None:
    registry.register(Register(worker_id="w1", job_types=["mail"], slots=50), "c1")
    for _ in range(20):
        broker.submit(SubmitRequest(job_type="mail"), submitted_by="test")
    for grant in broker.claim("w1", 20):
        broker.complete("w1", grant.job_id, grant.fence, b"null")
    pass_time(4_000)  # nobody closed anything for more than an hour
    while maintenance.run_once().seconds:
        pass
    maintenance.run_once()
    metrics = MetricsReader(service)
    until = metrics.closed_until()
    for step_s in (60, 900, 3_600, 86_400):
        rows = [b.figures.counts for b in metrics.buckets(step_s, until - 86_400, until)]
        assert sum(row["completed"] for row in rows) == 20
        assert sum(row["submitted"] for row in rows) == 20


def test_closing_goes_on_when_nothing_says_what_was_closed(
    service: RedisService, broker: JobBroker, maintenance: Maintenance, pass_time
) -> None:
    service.redis.delete(service.keys.key("closing"))
    maintenance.run_once()
    broker.submit(SubmitRequest(job_type="mail"), submitted_by="test")
    pass_time(2)
    maintenance.run_once()
    metrics = MetricsReader(service)
    until = metrics.closed_until()
    assert metrics.total(until - 60, until).counts["submitted"] == 1


def test_offered_time_does_not_grow_when_no_hub_ran_for_a_day(
    service: RedisService, registry: WorkerRegistry, maintenance: Maintenance, pass_time
) -> None:
    registry.register(Register(worker_id="w1", job_types=["mail"], slots=10), "c1")
    pass_time(90_000)
    while maintenance.run_once().seconds:
        pass
    metrics = MetricsReader(service)
    until = metrics.closed_until()
    offered_s = metrics.total(until - 100_000, until).counts["offered_ms"] / 1000
    assert offered_s <= 10 * 3_610


@pytest.mark.parametrize(
    ("range_s", "step_s"),
    [(900, 60), (300, 1), (86_400, 300), (7 * 86_400, 3_600), (90 * 86_400, 21_600)],
)
def test_step_shows_a_range_in_a_few_hundred_buckets(range_s: int, step_s: int) -> None:
    now = 1_800_000_000
    assert step_for(now - range_s, now, now, buckets=400) == step_s


def test_open_bucket_is_partial_and_counts_what_is_closed(
    service: RedisService, broker: JobBroker, maintenance: Maintenance, pass_time
) -> None:
    broker.submit(SubmitRequest(job_type="mail"), submitted_by="test")
    pass_time(2)
    maintenance.run_once()
    metrics = MetricsReader(service)
    until = metrics.closed_until()
    buckets = list(metrics.buckets(86_400, until - 86_400, until))
    assert buckets[-1].partial
    assert sum(bucket.figures.counts["submitted"] for bucket in buckets) == 1
