"""Which rows a group of monitors shows in each list, to know when a truncated list needs its rows again.

A monitor keeps every list sorted and at most one window long, and so does this mirror of it. Inserts
and removals inside the window need no help; but what leaves a truncated list opens a hole at its end
that only Redis can fill. Half empty: refill now. Some missing: refill at leisure, so that a busy
backlog does not cost more than polling would.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Any, Final

import msgspec

from hub import limits
from hub.event_log import Event, Facts
from hub.snapshot import LISTS, Rows

Key = tuple[float, str, str]

_NOW_S: Final = 1.0
_LEISURE_S: Final = 5.0
_LIST_OF: Final = {"assigned": "active", "in_progress": "active"}


class _Row(msgspec.Struct):
    job_id: str
    status: str
    priority: float = 0
    order_key: str = ""
    run_at: int = 0
    assigned_at: int = 0
    finished_at: int = 0


def sort_key(list_name: str, job_id: str, facts: Any) -> Key:
    """Where a job stands in a list; the same rule as in the browser's store."""
    if list_name == "pending":
        return (-facts.priority, facts.order_key, job_id)
    if list_name == "scheduled":
        return (facts.run_at, "", job_id)
    if list_name == "active":
        return (facts.assigned_at, "", job_id)
    return (-facts.finished_at, "", job_id)


def window_of(list_name: str) -> int:
    """How many rows a list shows."""
    return limits.SNAPSHOT_ACTIVE if list_name == "active" else limits.SNAPSHOT_WINDOW


class _Mirror:
    def __init__(self, list_name: str) -> None:
        self.window = window_of(list_name)
        self.keys: list[Key] = []
        self.truncated = False
        self.full = self.window
        self.asked_at = 0.0

    def fill(self, keys: list[Key], truncated: bool, now: float) -> None:
        self.keys, self.truncated, self.asked_at = sorted(keys), truncated, now
        self.full = max(1, len(keys))

    def insert(self, key: Key) -> bool:
        if self.truncated and (not self.keys or key > self.keys[-1]):
            return False
        insort(self.keys, key)
        if len(self.keys) <= self.window:
            return True
        self.truncated, self.full = True, self.window
        return self.keys.pop() != key

    def remove(self, key: Key) -> None:
        place = bisect_left(self.keys, key)
        if place < len(self.keys) and self.keys[place] == key:
            del self.keys[place]

    def due(self, now: float) -> bool:
        if not self.truncated or len(self.keys) >= self.full:
            return False
        half_empty = 2 * len(self.keys) < self.full
        return now - self.asked_at >= (_NOW_S if half_empty else _LEISURE_S)


class ListTracker:
    """Mirrors the lists of the monitors that share topics and filters."""

    def __init__(self) -> None:
        self._mirrors = {name: _Mirror(name) for name in LISTS}
        self._places: dict[str, tuple[str, Key]] = {}

    def fill(self, list_name: str, rows: Rows, now: float) -> None:
        """Start a list again from rows that monitors were sent."""
        mirror = self._mirrors[list_name]
        for _, _, job_id in mirror.keys:
            self._places.pop(job_id, None)
        keys = []
        for raw in rows.rows:
            row = msgspec.json.decode(raw, type=_Row)
            key = sort_key(list_name, row.job_id, row)
            keys.append(key)
            self._places[row.job_id] = (list_name, key)
        mirror.fill(keys, rows.truncated, now)

    def apply(self, event: Event) -> None:
        """Move the event's job to the list of its new state."""
        if event.job is None or event.job_id is None:
            return
        known = self._places.pop(event.job_id, None)
        if known is not None:
            self._mirrors[known[0]].remove(known[1])
        if event.new_status is not None:
            self._insert(event.job_id, event.new_status, event.job)

    def due(self, now: float) -> list[str]:
        """The lists whose rows should be sent again now."""
        return [name for name, mirror in self._mirrors.items() if mirror.due(now)]

    def _insert(self, job_id: str, status: str, facts: Facts) -> None:
        list_name = _LIST_OF.get(status, status)
        key = sort_key(list_name, job_id, facts)
        if self._mirrors[list_name].insert(key):
            self._places[job_id] = (list_name, key)
