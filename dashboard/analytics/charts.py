"""The charts of figures, a pure function each; drawing.py says how they are written for Plotly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from dashboard.analytics.drawing import (
    Figure,
    Trace,
    count_line,
    figure,
    line,
    longest,
    over_time,
    short,
    time_text,
    unit_for,
    value_line,
    values_of,
    without_values,
)

if TYPE_CHECKING:
    import pandas as pd

_SERIES: Final = (
    "series-blue",
    "series-teal",
    "series-brown",
    "series-violet",
    "series-rose",
    "series-grey",
)
_DAY_S: Final = 86_400
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MARK_COLOURS: Final = {"deploy": "accent", "incident": "series-rose", "note": "series-grey"}


def throughput(now: pd.DataFrame, before: pd.DataFrame) -> Figure:
    """Finished jobs a bucket; the previous period as ghost lines behind."""
    ghosts = [
        line(values_of(before[column])[: len(now)], name, colour, dash="dot", width=1.2)
        for column, name, colour in (
            ("completed", "Completed before", "series-grey"),
            ("failed", "Failed before", "series-rose/0.6"),
        )
    ]
    return over_time(
        now,
        [
            *ghosts,
            *count_line(now, "completed", "Completed", "series-blue", fill=True),
            *count_line(now, "failed", "Failed", "series-rose"),
        ],
    )


def latency(now: pd.DataFrame, axis: str, label: str) -> Figure:
    """Percentiles of `axis` (wait or run) over time; a bucket without samples is a gap."""
    traces: list[Trace] = []
    unit = unit_for(longest(now[f"{axis}_p99_ms"]))
    how = f"%{{y:.3~g}} {unit.suffix}"
    for percent, colour in ((50, "series-teal"), (95, "series-brown"), (99, "series-rose")):
        values = unit.of(now[f"{axis}_p{percent}_ms"])
        drawn = value_line(now, values, f"{label} p{percent}", colour, hover=how)
        if percent == 50:  # once a bucket is enough
            drawn[0]["customdata"] = [int(count) for count in now[f"{axis}_n"].tolist()]
            drawn[0]["hovertemplate"] = f"{how}, n = %{{customdata:,}}<extra>{label} p50</extra>"
        traces += drawn
    return over_time(now, traces, y={"ticksuffix": f" {unit.suffix}"})


def by_group(groups: Mapping[str, pd.DataFrame], column: str) -> Figure:
    """A figure of several groups, a line each: completed jobs a bucket, or a percentile."""
    traces: list[Trace] = []
    timed = column != "completed"
    unit = unit_for(longest(*(frame[column] for frame in groups.values())))
    for (group, frame), colour in zip(groups.items(), _SERIES, strict=False):
        name = short(group.partition(":")[2] or group)
        if timed:
            how = f"%{{y:.3~g}} {unit.suffix}"
            traces += value_line(frame, unit.of(frame[column]), name, colour, hover=how)
        else:
            traces += count_line(frame, column, name, colour)
    (some, *_) = groups.values()
    return over_time(some, traces, y={"ticksuffix": f" {unit.suffix}"} if timed else {})


def wait_against_run(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Where a job's time goes: p95 of wait and of run a job type, side by side."""
    shown = [row for row in rows if row["run_n"] or row["wait_n"]][:8][::-1]
    ends = [row[f"{axis}_p95_ms"] or 0 for row in shown for axis in ("wait", "run")]
    unit = unit_for(max(ends, default=0))
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": label,
            "x": [(row[f"{axis}_p95_ms"] or 0) / unit.ms for row in shown],
            "y": [short(row["job_type"]) for row in shown],
            "marker": {"color": f"token:{colour}"},
            "customdata": [row[f"{axis}_n"] for row in shown],
            "hovertemplate": (
                f"{label} %{{x:.3~g}} {unit.suffix}<br>n = %{{customdata:,}}<extra>%{{y}}</extra>"
            ),
        }
        for axis, label, colour in (
            ("run", "Run p95", "series-blue"),
            ("wait", "Wait p95", "series-brown"),
        )
    ]
    chart = figure(
        traces,
        x={"ticksuffix": f" {unit.suffix}", "showgrid": True, "rangemode": "tozero"},
        y={"showgrid": False, "dtick": 1, "ticksuffix": "  ", "automargin": True},
    )
    chart["layout"] |= {"barmode": "group", "bargap": 0.35, "hovermode": "closest"}
    return chart if shown else without_values(chart)


def utilisation(now: pd.DataFrame) -> Figure:
    """Busy ÷ offered slot time over time; a gap where no slot was offered."""
    share = [None if value is None else value * 100 for value in values_of(now["utilisation"])]
    traces = value_line(
        now, share, "Utilisation", "series-teal", fill=True, hover="%{y:.3~g} % busy"
    )
    return over_time(now, traces, y={"range": [0, 105], "ticksuffix": " %"})


def heat_map(hours: pd.DataFrame) -> Figure:
    """Utilisation by hour and weekday of the viewer's time zone; an hour without offers is blank."""
    cells = [[None if v != v else v * 100 for v in row] for row in hours.to_numpy(float).tolist()]
    trace = {
        "type": "heatmap",
        "x": [f"{hour:02d}" for hour in range(24)],
        "y": list(_WEEKDAYS),
        "z": cells,
        "zmin": 0,
        "zmax": 100,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "colorscale": [[0, "token:track"], [1, "token:series-teal"]],
        "hovertemplate": "%{y} %{x}:00, %{z:.0f} % busy<extra></extra>",
        "hoverongaps": False,
    }
    chart = figure([trace], x={"type": "category", "dtick": 3}, y={"autorange": "reversed"})
    chart["layout"]["yaxis"] |= {"showgrid": False, "type": "category", "dtick": 1, "ticks": ""}
    chart["layout"]["xaxis"]["ticks"] = ""
    chart["layout"]["hovermode"] = "closest"
    known = any(cell is not None for row in cells for cell in row)
    return chart if known else {**chart, "empty": True}


def backlog(now: pd.DataFrame) -> Figure:
    """The highest number of waiting jobs in each bucket."""
    held = now["pending_max"].astype("float").fillna(0).tolist()
    return over_time(now, value_line(now, held, "Waiting", "series-violet", fill=True))


def with_marks(chart: Figure, marks: Sequence[Mapping[str, Any]], local: Any) -> Figure:
    """Draw deploys, incidents and notes as vertical lines with their label on hover.

    Args: local: gives a moment of the hub in the viewer's time zone.
    """
    shapes, labels = [], []
    for mark in marks:
        at = time_text(local(mark["at"]))
        colour = f"token:{_MARK_COLOURS[mark['kind']]}"
        place = {"x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper"}
        shapes.append(
            {"type": "line", **place, "line": {"color": colour, "width": 1, "dash": "dot"}}
        )
        labels.append(
            {
                "x": at,
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
                "text": "▾",
                "hovertext": escape(f"{mark['kind']}: {mark['label']}"),
                "font": {"color": colour, "size": 11},
            }
        )
    chart["layout"] |= {"shapes": shapes, "annotations": labels}
    return chart


def bucket_unit(step_s: int) -> str:
    """How counts of a bucket read: "jobs per 5 min"."""
    if step_s == _DAY_S:
        return "jobs per day of UTC"
    for unit_s, unit in ((3_600, "h"), (60, "min")):
        if step_s % unit_s == 0:
            number = step_s // unit_s
            return f"jobs per {unit}" if number == 1 else f"jobs per {number} {unit}"
    return "jobs per s" if step_s == 1 else f"jobs per {step_s} s"
