"""When the backlog will be gone, and what more workers change."""

from __future__ import annotations

import pytest

from dashboard.analytics.drain import DrainTime, Traffic, drain_time
from dashboard.analytics.tables import drain_sentence


def traffic(**changes: float) -> Traffic:
    values = {
        "pending": 900,
        "arrived": 900,
        "finished": 1_800,
        "span_s": 900,
        "busy_slot_s": 3_600,
        "slots": 4,
        "workers": 2,
    }
    return Traffic(**{**values, **changes})


def test_backlog_ends_at_the_rate_by_which_more_leaves_than_comes() -> None:
    drain = drain_time(traffic())
    assert drain.seconds == pytest.approx(900)  # 1 job a second
    assert drain.low_s < 900 < drain.high_s


def test_nothing_waits_when_nothing_is_pending() -> None:
    assert drain_time(traffic(pending=0)).seconds == 0


def test_backlog_does_not_end_when_more_comes_than_leaves() -> None:
    drain = drain_time(traffic(arrived=2_000))
    assert drain.seconds is None
    assert drain.high_s is None


def test_more_workers_finish_as_much_a_slot_as_those_there() -> None:
    # 0.5 jobs a slot second, 2 slots a worker: one more worker brings one job a second more.
    assert drain_time(traffic(), 1).seconds == pytest.approx(450)


def test_more_workers_change_nothing_when_no_worker_worked() -> None:
    idle = traffic(busy_slot_s=0, workers=0)
    assert drain_time(idle, 5) == drain_time(idle)


def test_sentence_says_when_the_backlog_is_gone_or_that_it_does_not_shrink() -> None:
    shrinking = drain_sentence(1, DrainTime(60, 30, 120), 0)
    assert shrinking.children == (
        "At the present rate: the backlog of 1 is gone in 1:00 min (likely 30 s to 2:00 min)."
    )
    growing = drain_sentence(2_000, DrainTime(None, 8.2, None), 1)
    assert growing.children == (
        "With 1 more worker: the backlog of 2,000 does not shrink; at best 8.2 s."
    )
    assert drain_sentence(0, DrainTime(None, None, None), 0).children == "Nothing waits."
