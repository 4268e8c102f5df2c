"""Which figures are asked for: a range of time, a step, groups; read the same way by every route."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hub.errors import InvalidInput
from hub.figures import COLUMNS
from hub.messages import Id, Inbound, TimeMs
from hub.metrics import BUCKETS_MAX, GroupBy, MetricsReader
from hub.steps import DAY_S, RANGE_MAX_S, finest_step

CHOSEN_STEPS_S: Final = (
    *(seconds for seconds in range(1, 60) if 60 % seconds == 0),
    *(60 * minutes for minutes in range(1, 1_441) if 1_440 % minutes == 0),
)


class RangeQuery(Inbound, frozen=True, kw_only=True):
    """Unix milliseconds; the last 24 hours by default."""

    from_ms: TimeMs | None = msgspec.field(default=None, name="from")
    to_ms: TimeMs | None = msgspec.field(default=None, name="to")


class GroupsQuery(RangeQuery, frozen=True, kw_only=True):
    """Figures of a range by group: all of a kind, or one by its name."""

    group_by: GroupBy = "all"
    group: Annotated[str, Meta(max_length=220)] | None = None


class FiguresQuery(GroupsQuery, frozen=True, kw_only=True):
    """Figures by group. `step` (seconds) is chosen by the range, and widened where that needs it."""

    step: Annotated[int, Meta(ge=1, extra_json_schema={"enum": list(CHOSEN_STEPS_S)})] | None = None


class SeriesQuery(FiguresQuery, frozen=True, kw_only=True):
    """Figures by group, those named in `columns` or all; a long range comes faster without percentiles."""

    columns: list[Annotated[str, Meta(extra_json_schema={"enum": list(COLUMNS)})]] | None = None


class ErrorsOfQuery(RangeQuery, frozen=True, kw_only=True):
    """Kinds of errors, of one job type or of all."""

    job_type: Id | None = None

    @property
    def group(self) -> str:
        """The group whose errors are asked for."""
        return f"type:{self.job_type}" if self.job_type else "all"


class ErrorsQuery(ErrorsOfQuery, frozen=True, kw_only=True):
    """The most frequent kinds of errors."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20


def read_range(metrics: MetricsReader, query: RangeQuery) -> tuple[int, int]:
    """Read [from, to) in Unix seconds, widened to whole ones; empty when it ends before it begins."""
    now_ms = max(metrics.closed_until() * 1000, query.from_ms or 0)
    to_ms = query.to_ms if query.to_ms is not None else now_ms
    from_ms = query.from_ms if query.from_ms is not None else to_ms - DAY_S * 1000
    from_ms = max(0, to_ms - RANGE_MAX_S * 1000, from_ms)  # nothing older is kept
    return min(from_ms, to_ms) // 1000, -(-to_ms // 1000)


def fitting_step(step_s: int, from_s: int, to_s: int, now_s: int, *, groups: int = 1) -> int:
    """The step asked for, or the next wider one that reaches back to `from_s`, in at most `BUCKETS_MAX` rows.

    Args:   groups: that stand in memory together; a CSV is streamed, one after the other.

    Raises: InvalidInput: no bucket has that width.
    """
    if step_s not in CHOSEN_STEPS_S:
        raise InvalidInput(
            "Expected seconds that divide a minute, or minutes that divide a day", field="step"
        )
    finest_s = finest_step(from_s, now_s)
    narrowest_s = max(step_s, (to_s - from_s) * groups / BUCKETS_MAX)
    fitting = (step for step in CHOSEN_STEPS_S if step >= narrowest_s and step % finest_s == 0)
    return next(fitting, CHOSEN_STEPS_S[-1])


def read_columns(query: SeriesQuery) -> list[str] | None:
    """The columns asked for, each once; None: all.

    Raises: InvalidInput: there is none of that name.
    """
    if query.columns is None:
        return None
    if unknown := sorted(set(query.columns) - set(COLUMNS)):
        raise InvalidInput(
            f"`{unknown[0]}` is not a figure; expected some of {', '.join(COLUMNS)}",
            field="columns",
        )
    return list(dict.fromkeys(query.columns))


def read_groups(metrics: MetricsReader, query: GroupsQuery, from_s: int) -> list[str]:
    """The groups asked for that had figures since `from_s`."""
    if query.group is not None:
        return [query.group]
    return metrics.groups(query.group_by, from_s)
