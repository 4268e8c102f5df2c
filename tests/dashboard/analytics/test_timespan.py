"""The range of a page of figures, read from its URL and written into its links."""

from __future__ import annotations

import pytest

from dashboard.analytics.timespan import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    read_timespan,
    shortest_preset,
)

NOW = 1_795_000_000_000


def test_last_day_is_shown_when_the_query_says_nothing() -> None:
    span = read_timespan({}, NOW, "UTC")
    assert (span.to_ms - span.from_ms, span.preset, span.group_by) == (DAY_MS, "24h", "all")


@pytest.mark.parametrize(
    ("age_ms", "preset"),
    [
        (0, "15m"),
        (15 * MINUTE_MS, "15m"),
        (16 * MINUTE_MS, "1h"),
        (5 * HOUR_MS, "6h"),
        (DAY_MS, "24h"),
        (6 * DAY_MS, "24h"),
    ],
)
def test_all_of_it_is_shown_when_a_hub_is_younger_than_a_day(age_ms: int, preset: str) -> None:
    assert shortest_preset(age_ms) == preset


@pytest.mark.parametrize(
    "words",
    [
        {"range": "moon"},
        {"from": "abc"},
        {"from": str(NOW), "to": str(NOW - 5)},
        {"from": "0", "to": str(NOW)},
        {"from": "9" * 400},
        {"by": "<script>"},
    ],
)
def test_last_day_is_shown_when_the_query_makes_no_sense(words: dict[str, str]) -> None:
    span = read_timespan(words, NOW, "no/zone")
    assert (span.preset, span.group_by, span.zone) == ("24h", "all", "UTC")


def test_local_times_are_read_in_the_viewers_zone() -> None:
    span = read_timespan(
        {"from": "2026-07-01T10:00", "to": "2026-07-01T12:00"}, NOW, "Europe/Berlin"
    )
    assert span.to_ms - span.from_ms == 2 * HOUR_MS
    assert f"{span.local(span.from_ms):%H:%M}" == "10:00"
    assert span.from_ms == 1_782_892_800_000  # 08:00 UTC


def test_link_keeps_the_grouping_when_the_range_changes() -> None:
    span = read_timespan({"range": "7d", "by": "worker"}, NOW, "UTC")
    assert span.search(range="1h") == "?by=worker&range=1h"
    assert span.search(by="job_type") == "?range=7d&by=job_type"


def test_link_keeps_a_brushed_range_when_the_grouping_changes() -> None:
    span = read_timespan({"from": str(NOW - HOUR_MS), "to": str(NOW)}, NOW, "UTC")
    assert span.search(by="worker") == f"?from={NOW - HOUR_MS}&to={NOW}&by=worker"


@pytest.mark.parametrize("hours", [0.25, 1, 6, 24, 7 * 24, 30 * 24, 90 * 24, 400 * 24])
def test_chart_has_a_few_hundred_buckets_at_every_range(hours: float) -> None:
    span = read_timespan({"from": str(int(NOW - hours * HOUR_MS)), "to": str(NOW)}, NOW, "UTC")
    assert 60 <= (span.to_ms - span.from_ms) / 1000 / span.step_s <= 400


def test_period_before_ends_where_the_period_begins() -> None:
    span = read_timespan({"range": "1h"}, NOW, "UTC")
    assert (span.before.to_ms, span.before.from_ms) == (span.from_ms, span.from_ms - HOUR_MS)


@pytest.mark.parametrize(
    ("hours_ago", "hours", "step_s"),
    [
        (0.25, 0.25, 10),
        (1, 0.25, 60),
        (2, 2, 60),
        (5 * 24, 3, 60),
        (30 * 24, 3, 900),
        (8 * 24, 24, 900),
    ],
)
def test_bucket_is_one_that_the_hub_still_keeps_when_the_range_is_old(
    hours_ago: float, hours: float, step_s: int
) -> None:
    start = int(NOW - hours_ago * HOUR_MS)
    words = {"from": str(start), "to": str(int(start + hours * HOUR_MS))}
    assert read_timespan(words, NOW, "UTC").step_s == step_s
