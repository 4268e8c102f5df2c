"""The charts of the analytics page as Plotly figures; a pure function each.

Colours are written as `token:NAME` or `token:NAME/ALPHA`: assets/js/80_figure.js puts the theme's
colours in, so a figure is right in both themes. Text from jobs is escaped: plotly.js renders tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

Figure = dict[str, Any]

_SERIES: Final = (
    "series-blue",
    "series-teal",
    "series-brown",
    "series-violet",
    "series-rose",
    "series-grey",
)
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAME_CHARS: Final = 40


def throughput(now: pd.DataFrame, before: pd.DataFrame) -> Figure:
    """Finished jobs a bucket; the previous period as a ghost line behind."""
    ghost = before["completed"].tolist()[: len(now)]
    times = _times(now)
    return _figure(
        [
            _line(
                times[: len(ghost)], ghost, "Previous period", "series-grey", dash="dot", width=1.2
            ),
            _line(times, _whole(now, "completed"), "Completed", "series-blue", fill=True),
            _line(times, _whole(now, "failed"), "Failed", "series-rose"),
            *_unfinished(now, "completed"),
        ],
        y={"rangemode": "tozero"},
    )


def latency(now: pd.DataFrame, axis: str, label: str) -> Figure:
    """Percentiles of `axis` (wait or run) in seconds over time; a bucket without samples is a gap."""
    colours = {50: "series-teal", 95: "series-brown", 99: "series-rose"}
    traces = [
        _line(_times(now), _seconds(now[f"{axis}_p{percent}_ms"]), f"{label} p{percent}", colour)
        for percent, colour in colours.items()
    ]
    return _figure(traces, y={"rangemode": "tozero", "ticksuffix": " s"})


def by_group(groups: Mapping[str, pd.DataFrame]) -> Figure:
    """Completed jobs a bucket, a line each group."""
    traces = [
        _line(_times(frame), _whole(frame, "completed"), _name(group), colour)
        for (group, frame), colour in zip(groups.items(), _SERIES, strict=False)
    ]
    return _figure(traces, y={"rangemode": "tozero"})


def wait_against_run(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Where a job's time goes: median wait and median run a job type, side by side."""
    shown = [row for row in rows if row["run_n"] or row["wait_n"]][:8][::-1]
    names = [_short(row["job_type"]) for row in shown]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": label,
            "x": [(row[f"{axis}_p{percent}_ms"] or 0) / 1000 for row in shown],
            "y": names,
            "marker": {"color": f"token:{colour}"},
            "customdata": [row[f"{axis}_n"] for row in shown],
            "hovertemplate": f"{label} %{{x:.3~s}} s<br>n = %{{customdata}}<extra>%{{y}}</extra>",
        }
        for axis, percent, label, colour in (
            ("wait", 95, "Wait p95", "series-brown"),
            ("run", 95, "Run p95", "series-blue"),
        )
    ]
    figure = _figure(
        traces, x={"ticksuffix": " s", "showgrid": True}, y={"showgrid": False, "dtick": 1}
    )
    figure["layout"] |= {"barmode": "group", "bargap": 0.35, "hovermode": "closest"}
    figure["layout"]["margin"]["l"] = 110
    return figure


def utilisation(now: pd.DataFrame) -> Figure:
    """Busy ÷ offered slot time over time."""
    share = [None if value is None else value * 100 for value in _values(now["utilisation"])]
    traces = [_line(_times(now), share, "Utilisation", "series-teal", fill=True)]
    return _figure(traces, y={"range": [0, 105], "ticksuffix": " %"})


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
    }
    figure = _figure([trace], x={"type": "category", "dtick": 3}, y={"autorange": "reversed"})
    figure["layout"]["yaxis"] |= {"showgrid": False, "type": "category", "dtick": 1}
    figure["layout"]["hovermode"] = "closest"
    return figure


def backlog(now: pd.DataFrame) -> Figure:
    """The highest number of waiting jobs in each bucket."""
    held = now["pending_max"].astype("float").fillna(0).tolist()
    return _figure(
        [_line(_times(now), held, "Waiting", "series-violet", fill=True)],
        y={"rangemode": "tozero"},
    )


def with_marks(figure: Figure, marks: Sequence[Mapping[str, Any]], local: Any) -> Figure:
    """Draw deploys, incidents and notes as vertical lines with their label on hover.

    Args: local: gives a moment of the hub in the viewer's time zone.
    """
    colours = {"deploy": "accent", "incident": "series-rose", "note": "series-grey"}
    shapes, labels = [], []
    for mark in marks:
        at = _text(local(mark["at"]))
        colour = f"token:{colours[mark['kind']]}"
        line = {"color": colour, "width": 1, "dash": "dot"}
        place = {"x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper"}
        shapes.append({"type": "line", **place, "line": line})
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
    figure["layout"] |= {"shapes": shapes, "annotations": labels}
    return figure


def _figure(
    traces: list[dict[str, Any]], *, x: Mapping[str, Any] | None = None, y: Mapping[str, Any]
) -> Figure:
    axis = {
        "gridcolor": "token:border",
        "zeroline": False,
        "color": "token:faint",
        "fixedrange": True,
    }
    return {
        "data": traces,
        "layout": {
            "margin": {"l": 44, "r": 8, "t": 14, "b": 28},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "Inter, sans-serif", "size": 11.5, "color": "token:muted"},
            "showlegend": False,
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": "token:surface",
                "bordercolor": "token:border-strong",
                "font": {"color": "token:text"},
            },
            "xaxis": {**axis, "showgrid": False, **(x or {"type": "date", "fixedrange": False})},
            "yaxis": {**axis, "nticks": 5, **y},
        },
    }


def _line(
    times: Sequence[str],
    values: Sequence[Any],
    name: str,
    colour: str,
    *,
    fill: bool = False,
    dash: str = "solid",
    width: float = 1.8,
) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": list(times),
        "y": list(values),
        "name": name,
        "connectgaps": False,
        "line": {"color": f"token:{colour}", "width": width, "dash": dash},
        "hovertemplate": "%{y:.4~g}<extra>%{fullData.name}</extra>",
    }
    if fill:
        trace |= {"fill": "tozeroy", "fillcolor": f"token:{colour}/0.1"}
    return trace


def _whole(frame: pd.DataFrame, column: str) -> list[float | None]:
    """Counts of the buckets that are over; the count of an open one would look like a drop."""
    counts = frame[column].tolist()
    return [
        None if partial else count
        for count, partial in zip(counts, frame["partial"].tolist(), strict=True)
    ]


def _unfinished(frame: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    """The bucket that is not over yet, as a hollow mark."""
    open_ones = frame[frame["partial"]]
    if open_ones.empty:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": _times(open_ones),
            "y": open_ones[column].tolist(),
            "name": "Not over yet",
            "marker": {"color": "token:series-blue", "symbol": "circle-open", "size": 7},
            "hovertemplate": "%{y:.4~g}<extra>not over yet</extra>",
        }
    ]


def _times(frame: pd.DataFrame) -> list[str]:
    return [_text(at) for at in frame.index]


def _text(at: Any) -> str:
    """A local time without its zone, which Plotly would turn into UTC."""
    return str(at.strftime("%Y-%m-%d %H:%M:%S"))


def _values(column: pd.Series[Any]) -> list[float | None]:
    return [None if value is None or value != value else float(value) for value in column.tolist()]


def _seconds(column: pd.Series[Any]) -> list[float | None]:
    return [None if value is None else value / 1000 for value in _values(column)]


def colour_of(trace: Mapping[str, Any]) -> str:
    """The token of a trace's colour."""
    marked = trace.get("line") or trace["marker"]
    return str(marked["color"]).removeprefix("token:")


def name_of(trace: Mapping[str, Any]) -> str:
    """The name of a trace as text; in the figure it is escaped."""
    return unescape(trace["name"])


def bucket_unit(step_s: int) -> str:
    """How counts of a bucket read: "jobs per 5 min"."""
    for unit_s, unit in ((3_600, "h"), (60, "min")):
        if step_s % unit_s == 0:
            number = step_s // unit_s
            return f"jobs per {unit}" if number == 1 else f"jobs per {number} {unit}"
    return "jobs per s" if step_s == 1 else f"jobs per {step_s} s"


def _name(group: str) -> str:
    return _short(group.partition(":")[2] or group)


def _short(name: str) -> str:
    return escape(name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 1] + "…")
