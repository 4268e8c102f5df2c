"""Whatever happens, in whatever order and however late it is closed, figures equal a plain ledger of it.

Hypothesis writes the past, bucket edges included; the real scripts play it (tests/support/ledger.py).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.figures import AXES
from hub.messages import Register
from hub.metrics import MetricsReader
from hub.steps import STEPS
from tests.support.ledger import SLOTS, START, TYPES, Play, expected, told

EDGES = st.sampled_from([1, 999, 1_000, 1_001, 59_999, 60_000, 840_000, 899_999, 900_000])
STEP = st.one_of(
    st.tuples(st.just("submit"), st.sampled_from(TYPES)),
    st.tuples(st.just("take"), st.just("")),
    st.tuples(st.just("complete"), st.integers(0, 3)),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(st.just("cancel"), st.integers(0, 3)),
    st.tuples(st.just("wait"), EDGES | st.integers(1, 5_000)),
)
PAST = st.lists(STEP, min_size=5, max_size=25)
bounded = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def finished(redis_url: str, past: list[tuple[str, Any]], *, often: bool) -> Play:
    """Play a past to its end, everything that ran ended, everything closed."""
    play = Play(redis_url, often=often)
    for step in past:
        play.do(step)
    while play.running:
        play.do(("complete", 0))
    play.wait(2_000)
    play.close()
    return play


@bounded
@given(PAST)
def test_every_bucket_equals_the_ledger_whatever_happened(
    redis_url: str, past: list[tuple[str, Any]]
) -> None:
    play = finished(redis_url, past, often=False)
    for step in STEPS[1:]:
        for job_type in (None, *TYPES):
            rows = play.rows(step.step_s, f"type:{job_type}" if job_type else "all")
            found = {at: row for at, figures in rows.items() if (row := told(figures))}
            assert found == expected(play.ledger, step.step_s, job_type)
    offered = sum(row.counts["offered_ms"] for row in play.rows(60, "all").values())
    assert offered == SLOTS * (play.now // 1000 * 1000 - START)
    play.service.close()


@bounded
@given(PAST)
def test_rows_are_the_same_when_they_are_closed_late_or_often_and_twice(
    redis_url: str, past: list[tuple[str, Any]]
) -> None:
    often, late = (finished(redis_url, past, often=often) for often in (True, False))
    for step in STEPS:
        for group in ("all", "type:mail", "worker:w1"):
            one, other = often.rows(step.step_s, group), late.rows(step.step_s, group)
            assert one.keys() == other.keys()
            for at, figures in one.items():
                assert +figures.counts == +other[at].counts
                assert figures.pending_max == other[at].pending_max
                for axis in AXES:
                    assert figures.histograms[axis] == other[at].histograms[axis]
    often.service.close()
    late.service.close()


@bounded
@given(PAST, st.data())
def test_total_of_a_range_equals_its_buckets_wherever_it_begins_and_ends(
    redis_url: str, past: list[tuple[str, Any]], data: st.DataObject
) -> None:
    play = finished(redis_url, past, often=False)
    reader = MetricsReader(play.service)
    minutes = play.rows(60, "all")
    edges = st.integers(START // 60_000 - 30, play.now // 60_000 + 30)
    for _ in range(5):
        from_s, to_s = sorted(60 * data.draw(edges) for _ in range(2))
        inside = [row for at, row in minutes.items() if from_s <= at < to_s]
        total = reader.total(from_s, to_s)
        for name in ("submitted", "completed", "busy_ms", "offered_ms"):
            assert total.counts[name] == sum(row.counts[name] for row in inside), (from_s, to_s)
        assert total.samples("wait") == sum(row.samples("wait") for row in inside)
        assert total.pending_max == max((row.pending_max for row in inside), default=0)
    play.service.close()


@bounded
@given(st.lists(st.integers(-900_000, 900_000), min_size=1, max_size=6), st.data())
def test_nothing_is_lost_or_counted_twice_when_the_clock_jumps(
    redis_url: str, jumps: list[int], data: st.DataObject
) -> None:
    play = Play(redis_url, often=False)
    meta = play.service.keys.meta
    play.service.redis.hdel(meta, "last_ms")
    play.service.redis.hset(meta, "offset_ms", 0)
    play.service.redis.delete(play.service.keys.key("closing"))
    play.maintenance.run_once()
    for jump in jumps:
        play.submit("mail")
        if data.draw(st.booleans()):
            play.take("")
            play.complete(0)
        play.service.redis.hincrby(meta, "offset_ms", jump)
        if data.draw(st.booleans()):
            play.close()
    play.service.redis.hincrby(
        meta, "last_ms", 5_000
    )  # or what was noted last stays open until then
    play.close()
    reader = MetricsReader(play.service)
    until = reader.closed_until() + 1
    done = sum(by for (figure, _, _), by in play.ledger.counts.items() if figure == "completed")
    for step in STEPS[1:]:
        rows = [bucket.figures for bucket in reader.buckets(step.step_s, until - 172_800, until)]
        assert sum(row.counts["submitted"] for row in rows) == len(jumps)
        assert sum(row.counts["completed"] for row in rows) == done
        assert sum(row.samples("run") for row in rows) == done
    play.service.close()


@bounded
@given(st.lists(st.tuples(st.integers(0, 150_000), st.booleans()), min_size=1, max_size=5))
def test_late_result_counts_once_when_it_is_accepted_and_else_never(
    redis_url: str, lapses: list[tuple[int, bool]]
) -> None:
    play = Play(redis_url, often=False)
    play.submit("mail")
    accepted = 0
    for silent_ms, looked in lapses:
        play.registry.register(Register(worker_id="w1", job_types=["mail"], slots=SLOTS), "c1")
        grants = play.broker.claim("w1", 1)
        if not grants:
            break
        job_id, fence = grants[0].job_id, grants[0].fence
        play.broker.start("w1", job_id, fence)
        play.go_to(play.now + silent_ms)
        if looked:
            play.close()
        for _ in range(2):  # its acknowledgement was lost: the worker sends it again
            verdict = play.broker.complete("w1", job_id, fence, b"1")
        accepted += verdict == "ack"
    play.wait(2_000)
    play.close()
    total = MetricsReader(play.service).total(START // 1000, play.now // 1000 + 1)
    assert total.counts["completed"] == total.samples("turnaround") == accepted
    assert total.counts["busy_ms"] <= total.counts["offered_ms"]
    play.service.close()


@pytest.mark.parametrize("edge_s", [1, 60, 900, 3_600, 86_400])
def test_moment_at_an_edge_belongs_to_the_bucket_that_begins(redis_url: str, edge_s: int) -> None:
    play = Play(redis_url, often=False)
    edge = (START // 1000 // edge_s + 1) * edge_s * 1000
    for at in (edge - 1, edge):
        play.close()
        play.go_to(at)
        play.submit("mail")
    play.wait(2_000)
    play.close()
    rows = play.rows(edge_s, "all")
    assert rows[edge // 1000].counts["submitted"] == 1
    assert rows[edge // 1000 - edge_s].counts["submitted"] == 1
    play.service.close()
