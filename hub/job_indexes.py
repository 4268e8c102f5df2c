"""Which index answers a question about jobs: the smallest that holds every match, or the one in order."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from hub.job_filter import JobFilter, Sorting
from hub.keys import Keys
from hub.states import FINAL_STATUSES, JOB_STATUSES

_GROUPS: Final = (
    "workflow_id",
    "customer_id",
    "job_type",
)  # of indexes.lua, usually smallest first
_INDEX_OF_STATUS: Final = {
    "scheduled": "scheduled",
    "pending": "pending",
    "assigned": "active",
    "in_progress": "active",
}


class Index(msgspec.Struct, frozen=True):
    """A sorted set of jobs between two scores, as read_index.lua names it.

    `prefix` is set for `ids` alone, which is ordered by name: the members that begin with it.
    """

    name: str
    of: str = ""
    low: str = "-inf"
    high: str = "+inf"
    prefix: str = ""

    def key(self, keys: Keys) -> str:
        """The key of the sorted set."""
        return keys.of(self.name, self.of) if self.of else keys.key(self.name)

    def count(self, keys: Keys, pipe: Any) -> None:
        """Ask for how many jobs it holds. O(log n)."""
        if self.prefix:
            pipe.zlexcount(self.key(keys), *self.lex_range)
        else:
            pipe.zcount(self.key(keys), self.low, self.high)

    @property
    def lex_range(self) -> tuple[bytes, bytes]:
        """Bounds of the members that begin with `prefix`."""
        start = self.prefix.encode()
        return b"[" + start, b"(" + start + b"\xff"


def narrow_indexes(wanted: JobFilter) -> list[list[Index]]:
    """List sets of indexes; each set holds every job that can match."""
    found = [[index] for index in _group_indexes(wanted)]
    if (wanted.submitted_from, wanted.submitted_to) != (None, None):
        found.append([_created(wanted)])
    if (wanted.priority_min, wanted.priority_max) != (None, None):
        found.append([_ranked("ranked", wanted)])
    by_status = _status_indexes(wanted)
    if by_status is not None:
        found.append(by_status)
    if wanted.q is not None:
        found.append([Index("ids", prefix=wanted.q), Index("jobs_of", f"error_type {wanted.q}")])
    return found


def ordered_indexes(wanted: JobFilter, sorting: Sorting) -> list[Index]:
    """List the indexes that give every match in the order asked for, once they are merged."""
    if sorting.sort == "finished_at":
        statuses = wanted.status or JOB_STATUSES
        return [_finished(status, wanted) for status in statuses if status in FINAL_STATUSES]
    if sorting.sort == "priority":
        return [_ranked("pending" if wanted.status == ["pending"] else "ranked", wanted)]
    return [(_group_indexes(wanted) or [_created(wanted)])[0]]


def _group_indexes(wanted: JobFilter) -> list[Index]:
    bounds = _bounds(wanted.submitted_from, wanted.submitted_to)
    return [
        Index("jobs_of", f"{field} {value}", *bounds)
        for field in _GROUPS
        if (value := getattr(wanted, field)) is not None
    ]


def _status_indexes(wanted: JobFilter) -> list[Index] | None:
    """The indexes of the states asked for; None when those are all."""
    finished_only = (wanted.finished_from, wanted.finished_to) != (None, None)
    statuses = set(wanted.status or JOB_STATUSES)
    if finished_only:
        statuses &= FINAL_STATUSES
    if len(statuses) == len(JOB_STATUSES):
        return None
    finished = [_finished(status, wanted) for status in sorted(statuses & FINAL_STATUSES)]
    live = {_INDEX_OF_STATUS[status] for status in statuses - FINAL_STATUSES}
    return [*finished, *(Index(name) for name in sorted(live))]


def _created(wanted: JobFilter) -> Index:
    return Index("created", "", *_bounds(wanted.submitted_from, wanted.submitted_to))


def _finished(status: str, wanted: JobFilter) -> Index:
    return Index("finished", status, *_bounds(wanted.finished_from, wanted.finished_to))


def _ranked(name: str, wanted: JobFilter) -> Index:
    low = -math.inf if wanted.priority_max is None else -wanted.priority_max
    high = math.inf if wanted.priority_min is None else -wanted.priority_min
    return Index(name, "", _score(low), _score(high))


def _bounds(start: int | None, end: int | None) -> tuple[str, str]:
    """Scores from `start` on and before `end`."""
    return "-inf" if start is None else str(start), "+inf" if end is None else f"({end}"


def _score(score: float) -> str:
    return {-math.inf: "-inf", math.inf: "+inf"}.get(score) or str(int(score))
