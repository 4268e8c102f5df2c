"""The widths of buckets at which figures are stored (lua/include/rollup.lua), and which of them tell a range.

Seconds stand for an hour, minutes for a week, quarters of an hour, hours and days for over a year.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import msgspec

DAY_S: Final = 86_400
RANGE_MAX_S: Final = 400 * DAY_S
_EDGE_S: Final = 300  # rows live longer than they must: a range of an hour may begin a moment ago


class Step(msgspec.Struct, frozen=True):
    """A stored width of buckets; `reach_s` is how far back it is complete."""

    step_s: int
    shard_s: int
    reach_s: int


QUARTERS: Final = Step(900, 30 * DAY_S, RANGE_MAX_S)
HOURS: Final = Step(3_600, 100 * DAY_S, RANGE_MAX_S)
STEPS: Final = (
    Step(1, 600, 3_600),
    Step(60, DAY_S, 7 * DAY_S),
    QUARTERS,
    HOURS,
    Step(DAY_S, 400 * DAY_S, RANGE_MAX_S),
)


def stored_step(step_s: int) -> Step:
    """The widest stored step that `step_s` is a multiple of."""
    return next(step for step in reversed(STEPS) if step_s % step.step_s == 0)


def finest_step(from_s: int, now_s: int) -> int:
    """The narrowest stored step that reaches back to `from_s`."""
    age_s = now_s - from_s - _EDGE_S
    return next((step.step_s for step in STEPS if age_s <= step.reach_s), QUARTERS.step_s)


def step_for(from_s: int, to_s: int, now_s: int, *, buckets: int) -> int:
    """The narrowest step that shows a range in at most `buckets` buckets and reaches back to its start."""
    for step_s in (1, 60, 300, 900, 3_600, 21_600, DAY_S):
        reach_s = stored_step(step_s).reach_s
        if (to_s - from_s) / step_s <= buckets and from_s >= now_s - reach_s:
            return step_s
    return DAY_S


def cover(from_s: int, to_s: int, now_s: int) -> list[tuple[Step, int, int]]:
    """Split a range, widened to the narrowest buckets kept of it, into spans of the widest buckets inside.

    Where it reaches the present, the wide bucket that is open there stands for all the narrow ones in it.
    """
    finest_s = finest_step(from_s, now_s)
    steps = [step for step in STEPS if step.step_s >= finest_s]
    first, last = from_s - from_s % finest_s, to_s
    spans: list[tuple[Step, int, int]] = []
    for step, wider in pairwise(steps):
        inner_first = -(-first // wider.step_s) * wider.step_s
        reach = last + wider.step_s - 1 if last >= now_s else last
        inner_last = reach // wider.step_s * wider.step_s
        if inner_first >= inner_last:
            spans.append((step, first, last))
            break
        spans += [(step, first, inner_first), (step, inner_last, last)]
        first, last = inner_first, inner_last
    else:
        spans.append((steps[-1], first, last))
    return [span for span in spans if span[1] < span[2]]
