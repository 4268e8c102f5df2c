"""Compares figures with the records and histories that they count: bucket by bucket, group by group.

Figures are written by the script that makes a move, so they agree whatever broke, also where Redis was
robbed of both. The histories are complete here: no job of the load makes more moves than are kept.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from hub.chaos.stored import StoredJob
from hub.figures import Figures
from hub.metrics import ALL, MetricsReader
from hub.redis_service import RedisService
from hub.states import FINAL_STATUSES
from hub.steps import STEPS

FIGURES: Final = ("submitted", "started", *sorted(FINAL_STATUSES), "retried")
_HELD: Final = ("assigned", "in_progress")
_CLOSED_WITHIN_S: Final = 20.0  # hubs close a second within a second; a loaded machine takes longer
_LOOK_S: Final = 0.1
_MARGIN_S: Final = 120  # before seconds are folded into minutes

_Counts = dict[str, dict[int, Counter[str]]]  # group -> start of a bucket, s -> figure -> count


def figures_that_differ(service: RedisService, jobs: Iterable[StoredJob]) -> Iterator[str]:
    """Say which figures are not those of `jobs`, which must be all jobs, and over."""
    moves = [move for job in jobs for move in _moves(job)]
    if not moves:
        return
    first_s = min(at for at, _, _ in moves) // 1000
    last_s = max(at for at, _, _ in moves) // 1000
    metrics = MetricsReader(service)
    if not _wait_for(metrics, last_s):
        yield f"figures end before second {last_s}, in which something happened"
        return
    recent = time.time() - first_s < STEPS[0].reach_s - _MARGIN_S
    step_s = STEPS[0 if recent else 1].step_s
    expected = _expected(moves, step_s)
    for group in sorted(expected):
        buckets = metrics.buckets(step_s, first_s - first_s % step_s, last_s + 1, group)
        found = {bucket.start_s: bucket.figures for bucket in buckets}
        for start in sorted(expected[group].keys() | found.keys()):
            counted = expected[group].get(start, Counter())
            yield from _compare(f"{group} at {start}", counted, found.get(start, Figures()))


def _moves(job: StoredJob) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Give when, what and for which groups, for each move that figures count."""
    rec: dict[str, Any] = job.rec or {}
    by_type = (ALL, f"type:{rec['job_type']}")
    yield rec["created_at"], "submitted", by_type
    for entry in job.history:
        worker_id = entry.get("worker_id")
        groups = (*by_type, f"worker:{worker_id}") if worker_id else by_type
        for figure in _counted(entry):
            yield entry["at"], figure, groups


def _counted(entry: dict[str, Any]) -> Iterator[str]:
    old, new = entry["old_status"], entry["new_status"]
    reported = new in ("completed", "failed", "scheduled") and entry.get("reason") != "poison"
    if new == "in_progress" or (old == "assigned" and reported):
        yield "started"  # an outcome without a start began when it was handed over
    if new in FINAL_STATUSES:
        yield new
    elif new == "scheduled" and old in _HELD:
        yield "retried"


def _expected(moves: Iterable[tuple[int, str, tuple[str, ...]]], step_s: int) -> _Counts:
    counts: _Counts = {}
    for at, figure, groups in moves:
        start = at // 1000 - at // 1000 % step_s
        for group in groups:
            counts.setdefault(group, {}).setdefault(start, Counter())[figure] += 1
    return counts


def _compare(where: str, counted: Counter[str], figures: Figures) -> Iterator[str]:
    for figure in FIGURES:
        if figures.counts[figure] != counted[figure]:
            yield f"figures of {where} say {figures.counts[figure]} {figure}, the histories {counted[figure]}"
    waits, ends = counted["started"], counted["completed"] + counted["failed"]
    for axis, samples in (("wait", waits), ("turnaround", ends)):
        if figures.samples(axis) != samples:
            yield f"figures of {where} hold {figures.samples(axis)} {axis} times, not {samples}"


def _wait_for(metrics: MetricsReader, second: int) -> bool:
    """Wait until a hub has closed `second`."""
    until = time.monotonic() + _CLOSED_WITHIN_S
    while metrics.closed_until() <= second:
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True
