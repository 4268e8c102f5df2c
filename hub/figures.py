"""What happened in a bucket of time: counts, histograms and slot time, merged without loss.

A row of Redis is `{figure: count}`. A histogram's figure is `<axis>:<bin>`; bins are logarithmic, so
a quantile is within 2 % of the exact one and histograms add up to the histogram of the whole
(DDSketch, VLDB 2019). Percentiles are computed at the end and never averaged.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypedDict

import msgspec

AXES: Final = ("wait", "run", "turnaround")
PERCENTILES: Final = (50, 95, 99)
COUNTS: Final = (
    "submitted",
    "started",
    "completed",
    "failed",
    "cancelled",
    "retried",
    "slo_met",
    "slo_missed",
    "busy_ms",
    "offered_ms",
)
_LOG_G: Final = math.log(1.02 / 0.98)  # the bins of lua/include/metrics.lua


class Figures:
    """The sums of one bucket or of many. `errors` counts failed attempts by fingerprint."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.histograms: dict[str, Counter[int]] = {axis: Counter() for axis in AXES}
        self.pending_max = 0

    def add_row(self, row: Mapping[str, int]) -> None:
        """Add what a bucket of Redis holds."""
        for figure, count in row.items():
            axis, colon, rest = figure.partition(":")
            if not colon:
                if figure == "pending_max":
                    self.pending_max = max(self.pending_max, count)
                else:
                    self.counts[figure] += count
            elif axis == "error":
                self.errors[rest] += count
            else:
                self.histograms[axis][int(rest)] += count

    def quantile(self, axis: str, q: float) -> float | None:
        """The value of `axis` in ms at the lower nearest rank of `q`, within 2 %; None without samples."""
        return quantile(self.histograms[axis], q)

    def percentiles(self, axis: str) -> list[float | None]:
        """The values of `axis` at `PERCENTILES`, in one walk over its bins."""
        return quantiles(self.histograms[axis], [percent / 100 for percent in PERCENTILES])

    def samples(self, axis: str) -> int:
        """How many values the histogram of `axis` holds."""
        return self.histograms[axis].total()

    def time_ms(self, axis: str) -> float:
        """The sum of the values of `axis`, within 2 %."""
        return sum(bin_middle(bin_) * count for bin_, count in self.histograms[axis].items())

    @property
    def utilisation(self) -> float | None:
        """Busy ÷ offered slot-time, 0..1; None when nothing was offered."""
        offered = self.counts["offered_ms"]
        return self.counts["busy_ms"] / offered if offered > 0 else None

    @property
    def failure_rate(self) -> float | None:
        """Failed ÷ finished, final outcomes without cancels; None when nothing finished."""
        finished = self.counts["completed"] + self.counts["failed"]
        return self.counts["failed"] / finished if finished else None

    @property
    def attainment(self) -> float | None:
        """Share of promises kept of those that came due; None when none did."""
        due = self.counts["slo_met"] + self.counts["slo_missed"]
        return self.counts["slo_met"] / due if due else None


class CountsRow(TypedDict, total=False):
    """A row of Redis without histograms and errors."""

    submitted: int
    started: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    slo_met: int
    slo_missed: int
    busy_ms: int
    offered_ms: int
    pending_max: int


def figures_of(row: Mapping[str, int]) -> Figures:
    """What a row of Redis holds."""
    figures = Figures()
    figures.add_row(row)
    return figures


def add_row(total: dict[str, int], row: Mapping[str, int]) -> None:
    """Add a row of Redis to another: counts and bins add up, the highest backlog is the highest of both."""
    for figure, count in row.items():
        if figure == "pending_max":
            total[figure] = max(total.get(figure, 0), count)
        else:
            total[figure] = total.get(figure, 0) + count


def quantile(bins: Mapping[int, int], q: float) -> float | None:
    """The value at the lower nearest rank of `q`; None without samples."""
    return quantiles(bins, [q])[0]


def quantiles(bins: Mapping[int, int], ascending: Sequence[float]) -> list[float | None]:
    """The values at the lower nearest ranks; None without samples."""
    total = sum(bins.values())
    if total <= 0:
        return [None] * len(ascending)
    found: list[float | None] = []
    wanted, seen = [q * (total - 1) for q in ascending], 0
    for bin_ in sorted(bins):
        seen += bins[bin_]
        while len(found) < len(wanted) and seen > wanted[len(found)]:
            found.append(bin_middle(bin_))
    return found


@cache
def bin_middle(bin_: int) -> float:
    """The value in ms that stands for a bin; there are a thousand of them at most."""
    return 0.0 if bin_ == 0 else 2 * math.exp(bin_ * _LOG_G) / (math.exp(_LOG_G) + 1)


def described(figures: Figures, columns: Collection[str] | None = None) -> dict[str, Any]:
    """Figures of a bucket or range by name; times in ms, shares 0..1 or None.

    Args: columns: those of `COLUMNS` that are wanted, all by default; histograms are walked for them alone.
    """
    row: dict[str, Any] = {name: figures.counts[name] for name in COUNTS}
    row["pending_max"] = figures.pending_max
    row["utilisation"] = figures.utilisation
    row["failure_rate"] = figures.failure_rate
    row["attainment"] = figures.attainment
    for axis in AXES:
        if columns is None or any(name.startswith(axis) for name in columns):
            row |= _timed(figures, axis)
    return row if columns is None else {name: row[name] for name in columns}


def is_timed(name: str) -> bool:
    """Whether a column comes from a histogram."""
    return name.startswith(AXES)


def _timed(figures: Figures, axis: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        f"{axis}_n": figures.samples(axis),
        f"{axis}_total_ms": round(figures.time_ms(axis)),
    }
    for percent, value in zip(PERCENTILES, figures.percentiles(axis), strict=True):
        row[f"{axis}_p{percent}_ms"] = _rounded(value, 1)
    return row


def error_budget_left(met: int, missed: int, objective: float) -> float | None:
    """Share left of the broken promises that an objective allows; below 0: overspent, None: none was due."""
    allowed = (met + missed) * (1 - objective)
    return 1 - missed / allowed if allowed > 0 else None


class FiguresRow(msgspec.Struct, frozen=True):
    """One bucket of one group, in the order of metrics.csv. Percentiles are None without samples."""

    bucket_start: int
    bucket_s: int
    group: str
    submitted: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    wait_p50_ms: float | None
    wait_p95_ms: float | None
    wait_p99_ms: float | None
    run_p50_ms: float | None
    run_p95_ms: float | None
    run_p99_ms: float | None
    busy_slot_s: float
    offered_slot_s: float
    utilisation: float | None
    pending_max: int


class ErrorKind(msgspec.Struct, frozen=True, kw_only=True):
    """Failed attempts whose errors differ only in numbers, ids, times and quoted text."""

    fingerprint: str
    count: int
    error_type: str | None = None
    message: str | None = None
    first_at: int | None = None
    last_at: int | None = None


def figures_row(start_s: int, step_s: int, group: str, figures: Figures) -> FiguresRow:
    """Describe a bucket that starts at `start_s`, Unix seconds."""
    percentiles = {
        f"{axis}_p{percent}_ms": _rounded(value, 1)
        for axis in ("wait", "run")
        for percent, value in zip(PERCENTILES, figures.percentiles(axis), strict=True)
    }
    counts = figures.counts
    return FiguresRow(
        bucket_start=start_s * 1000,
        bucket_s=step_s,
        group=group,
        submitted=counts["submitted"],
        completed=counts["completed"],
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        retried=counts["retried"],
        busy_slot_s=counts["busy_ms"] / 1000,
        offered_slot_s=counts["offered_ms"] / 1000,
        utilisation=_rounded(figures.utilisation, 4),
        pending_max=figures.pending_max,
        **percentiles,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


COLUMNS: Final = tuple(described(Figures()))
