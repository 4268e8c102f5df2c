"""Charts are honest: gaps stay gaps, open buckets are hollow, lone values are seen, names are text."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dashboard.analytics import charts
from dashboard.analytics.drawing import colour_of, is_dotted, name_of, unit_for, value_line


def frame(**columns: list[Any]) -> pd.DataFrame:
    """Buckets of a minute; the last one is open."""
    length = len(next(iter(columns.values())))
    index = [f"2026-01-01T00:{minute:02d}:00" for minute in range(length)]
    partial = [False] * (length - 1) + [True]
    return pd.DataFrame({**columns, "partial": partial}, index=index)


def test_open_bucket_is_a_hollow_dot_and_not_a_drop_of_the_line() -> None:
    now = frame(completed=[5, 6, 1], failed=[0, 0, 0])
    figure = charts.throughput(now, now)
    drawn, dot = (trace for trace in figure["data"] if colour_of(trace) == "series-blue")
    assert drawn["y"] == [5, 6]
    assert (dot["y"], dot["marker"]["symbol"]) == ([1], "circle-open")
    assert "name" not in dot


def test_bucket_without_samples_is_a_gap_and_a_value_between_two_is_a_dot() -> None:
    values = [1.0, None, 2.0, None, 3.0, 4.0, None]
    drawn, dots = value_line(frame(any=[0] * 7), values, "Wait", "series-teal", fill=True)
    assert drawn["y"] == values
    assert drawn["connectgaps"] is False
    assert "fill" not in drawn  # plotly.js would fill across the gap
    assert dots["y"] == [1.0, 2.0]


def test_value_of_the_open_bucket_is_hollow() -> None:
    drawn, dot = value_line(frame(any=[0, 0]), [1.0, 2.0], "Wait", "series-teal")
    assert drawn["y"] == [1.0, 2.0]
    assert (dot["y"], dot["marker"]["symbol"]) == ([2.0], "circle-open")


def test_whole_range_is_on_the_axis_when_only_a_part_has_figures() -> None:
    now = frame(completed=[0, 3, 0, 0], failed=[0, 0, 0, 0])
    assert charts.throughput(now, now)["layout"]["xaxis"]["range"] == [
        "2026-01-01T00:00:00",
        "2026-01-01T00:03:00",
    ]


def test_period_before_is_dotted_in_the_colour_of_what_it_is_compared_with() -> None:
    now = frame(completed=[1, 1], failed=[1, 1])
    ghosts = [trace for trace in charts.throughput(now, now)["data"] if is_dotted(trace)]
    assert [(name_of(trace), colour_of(trace)) for trace in ghosts] == [
        ("Completed before", "series-grey"),
        ("Failed before", "series-rose"),
    ]


def test_hover_says_how_many_samples_a_percentile_has() -> None:
    columns = {f"wait_p{percent}_ms": [900.0, None] for percent in (50, 95, 99)}
    figure = charts.latency(frame(**columns, wait_n=[12, 0]), "wait", "Wait")
    middle = next(trace for trace in figure["data"] if trace.get("name") == "Wait p50")
    assert middle["customdata"] == [12, 0]
    assert "n = %{customdata" in middle["hovertemplate"]


@pytest.mark.parametrize(
    ("longest_ms", "suffix"),
    [(0, "ms"), (999, "ms"), (1_000, "s"), (179_999, "s"), (180_000, "min"), (10_800_000, "h")],
)
def test_unit_of_an_axis_follows_the_longest_duration(longest_ms: float, suffix: str) -> None:
    assert unit_for(longest_ms).suffix == suffix


def test_name_of_a_group_is_text_when_it_looks_like_a_tag() -> None:
    groups = {"type:<b>x": frame(completed=[1, 2])}
    (drawn, _) = charts.by_group(groups, "completed")["data"]
    assert drawn["name"] == "&lt;b&gt;x"
    assert name_of(drawn) == "<b>x"


def test_chart_without_a_value_has_no_axis_of_invented_ones() -> None:
    columns = {f"wait_p{percent}_ms": [None, None] for percent in (50, 95, 99)}
    figure = charts.latency(frame(**columns, wait_n=[0, 0]), "wait", "Wait")
    assert figure["empty"]
    assert figure["layout"]["yaxis"]["showticklabels"] is False
    assert "showticklabels" not in figure["layout"]["xaxis"]  # the range is known
    assert charts.wait_against_run([])["empty"]
    assert "empty" not in charts.throughput(
        nothing := frame(completed=[0, 0], failed=[0, 0]), nothing
    )


def test_time_on_hover_has_seconds_where_buckets_begin_at_some() -> None:
    def hovered(times: list[str]) -> str:
        now = frame(completed=[1, 1], failed=[0, 0]).set_axis(times)
        return charts.throughput(now, now)["layout"]["xaxis"]["hoverformat"]

    assert hovered(["2026-01-01T00:00:00", "2026-01-01T00:01:00"]).endswith("%H:%M")
    assert hovered(["2026-01-01T00:00:00", "2026-01-01T00:00:10"]).endswith("%H:%M:%S")
