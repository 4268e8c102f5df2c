"""How a chart of figures is written as a Plotly figure: axes, lines, and the honest marks on them.

Colours are written as `token:NAME` or `token:NAME/ALPHA`: assets/js/80_figure.js puts the theme's
colours in, so a figure is right in both themes. Text from jobs is escaped: plotly.js renders tags.

A line has no `x` of its own: it stands on the figure's `times`, written once for all of them.

A bucket without samples is a gap; a value between two gaps is a dot, or it would not be seen; a bucket
that is not over yet is hollow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    import pandas as pd

Figure = dict[str, Any]
Trace = dict[str, Any]
Value = float | None

_NAME_CHARS: Final = 40

# Times as the page writes them; the day stands under the first one of it.
_MINUTE: Final = "%-d %b %Y, %H:%M"
_SECOND: Final = "%-d %b %Y, %H:%M:%S"
_TIMES: Final = [
    {"dtickrange": [None, 59_999], "value": "%H:%M:%S\n%-d %b %Y"},
    {"dtickrange": [60_000, 86_399_999], "value": "%H:%M\n%-d %b %Y"},
    {"dtickrange": [86_400_000, "M1"], "value": "%-d %b\n%Y"},
    {"dtickrange": ["M1", None], "value": "%b %Y"},
]


def figure(
    traces: list[Trace], *, x: Mapping[str, Any] | None = None, y: Mapping[str, Any]
) -> Figure:
    """Put traces on axes; the x axis is time unless told otherwise."""
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


def over_time(
    frame: pd.DataFrame, traces: list[Trace], *, y: Mapping[str, Any] | None = None
) -> Figure:
    """A chart of a frame's whole time line, buckets without figures included."""
    times = times_of(frame)
    x: dict[str, Any] = {"type": "date", "fixedrange": False, "tickformatstops": _TIMES}
    x["hoverformat"] = _MINUTE if all(time.endswith(":00") for time in times) else _SECOND
    if len(times) > 1:
        x["range"] = [times[0], times[-1]]
    chart = {**figure(traces, x=x, y={"rangemode": "tozero", **(y or {})}), "times": times}
    known = any(value is not None for trace in traces for value in trace["y"])
    return chart if known else without_values(chart)


def without_values(chart: Figure) -> Figure:
    """The same without an axis of values, whose numbers would be Plotly's invention; its panel says so."""
    for axis in ("xaxis", "yaxis"):
        if chart["layout"][axis].get("type") != "date":
            chart["layout"][axis] |= {"showticklabels": False, "showgrid": False}
    return {**chart, "empty": True}


def line(
    values: Sequence[Value],
    name: str,
    colour: str,
    *,
    fill: bool = False,
    dash: str = "solid",
    width: float = 1.8,
    hover: str = "%{y:.4~g}",
) -> Trace:
    """A line over the figure's times, as far as there are values; it breaks where one is missing."""
    trace: Trace = {
        "type": "scatter",
        "mode": "lines",
        "y": list(values),
        "name": name,
        "connectgaps": False,
        "line": {"color": f"token:{colour}", "width": width, "dash": dash},
        "hovertemplate": f"{hover}<extra>%{{fullData.name}}</extra>",
    }
    if fill:
        trace |= {"fill": "tozeroy", "fillcolor": f"token:{colour}/0.1"}
    return trace


def count_line(frame: pd.DataFrame, column: str, name: str, colour: str, **how: Any) -> list[Trace]:
    """Counts as a line that ends before the open bucket: its count would look like a drop. It is hollow."""
    over, still = frame[~frame["partial"]], frame[frame["partial"]]
    drawn = line(values_of(over[column]), name, colour, **how)
    return [drawn, *dots(times_of(still), values_of(still[column]), colour, hollow=True)]


def value_line(
    frame: pd.DataFrame, values: Sequence[Value], name: str, colour: str, **how: Any
) -> list[Trace]:
    """Values as a line through the open bucket, which is hollow; a value that stands alone is a dot.

    An area is filled only under a line without gaps: plotly.js would fill across them.
    """
    if None in values:
        how["fill"] = False
    times = times_of(frame)
    is_open = frame["partial"].tolist()
    alone = [
        index
        for index, value in enumerate(values)
        if value is not None and not is_open[index] and _stands_alone(values, index)
    ]
    still = [index for index, value in enumerate(values) if value is not None and is_open[index]]
    return [
        line(values, name, colour, **how),
        *dots([times[i] for i in alone], [values[i] for i in alone], colour),
        *dots([times[i] for i in still], [values[i] for i in still], colour, hollow=True),
    ]


def dots(
    times: Sequence[str], values: Sequence[Value], colour: str, *, hollow: bool = False
) -> list[Trace]:
    """Dots without a name: no legend has them. A hollow one says on hover that its bucket is not over."""
    if not times:
        return []
    trace: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": list(times),
        "y": list(values),
        "cliponaxis": False,
        "marker": {
            "color": f"token:{colour}",
            "symbol": "circle-open" if hollow else "circle",
            "size": 7 if hollow else 4,
        },
        "hoverinfo": "skip",
    }
    if hollow:
        trace |= {"hoverinfo": "y", "hovertemplate": "%{y:.4~g}<extra>not over yet</extra>"}
    return [trace]


class Unit(msgspec.Struct, frozen=True):
    """How durations are written on an axis: values in ms are divided by `ms`."""

    ms: float
    suffix: str

    def of(self, column: pd.Series[Any]) -> list[Value]:
        """A column of milliseconds in this unit."""
        return [None if value is None else value / self.ms for value in values_of(column)]


def unit_for(longest_ms: float) -> Unit:
    """The unit in which the longest duration of a chart is a number of a few digits."""
    return next((unit for limit_ms, unit in _UNITS if longest_ms < limit_ms), _HOURS)


def longest(*columns: pd.Series[Any]) -> float:
    """The highest value of some columns; 0 when nothing is known."""
    return max((value for column in columns for value in values_of(column) if value), default=0)


def times_of(frame: pd.DataFrame) -> list[str]:
    """The starts of buckets, as dashboard.analytics.frames writes them."""
    times: list[str] = frame.index.tolist()
    return times


def time_text(at: Any) -> str:
    """A local time without its zone, which Plotly would turn into UTC."""
    return str(at.strftime("%Y-%m-%d %H:%M:%S"))


def values_of(column: pd.Series[Any]) -> list[Value]:
    """A column with None for what is not known."""
    return [None if value is None or value != value else float(value) for value in column.tolist()]


def colour_of(trace: Trace) -> str:
    """The token of a trace's colour, without its alpha."""
    marked = trace.get("line") or trace["marker"]
    return str(marked["color"]).removeprefix("token:").partition("/")[0]


def is_dotted(trace: Trace) -> bool:
    """Whether a trace is a ghost of the period before."""
    return bool(trace.get("line", {}).get("dash") == "dot")


def name_of(trace: Trace) -> str:
    """The name of a trace as text; in the figure it is escaped."""
    return unescape(trace["name"])


def short(name: str) -> str:
    """A name of a job or worker, fit for a figure."""
    return escape(name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 1] + "…")


_HOURS: Final = Unit(3_600_000, "h")
_UNITS: Final = (
    (1_000, Unit(1, "ms")),
    (180_000, Unit(1_000, "s")),
    (3 * 3_600_000, Unit(60_000, "min")),
)


def _stands_alone(values: Sequence[Value], index: int) -> bool:
    before = values[index - 1] if index else None
    after = values[index + 1] if index + 1 < len(values) else None
    return before is None and after is None
