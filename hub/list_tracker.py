"""Which rows the monitors of a group show in each list, to know when a truncated list needs its rows again.

A monitor keeps every list sorted and at most one window long: always the head of the true list. What
leaves a truncated list opens a hole at its end that only Redis can fill; inserts need no help. Monitors
of a group that came at different times show heads of different length, so a mirror knows the longest
(`keys`: whoever is not in it is on nobody's screen) and the length of the shortest.

Less than half of the rows left: due at once. Some missing: due at leisure, so that a busy backlog does
not cost more than polling would. A few missing: not before the list stands still, for what comes in next
makes it long again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable, KeysView, Sequence
from functools import total_ordering
from typing import Any, Final

import msgspec

from hub import limits
from hub.event_log import COUNT_NAMES, Event, Facts, LoggedEvent
from hub.snapshot import LISTS, Rows
from hub.states import FINAL_STATUSES

AT_ONCE_S: Final = 1.0
LEISURE_S: Final = 5.0
_CALM_S: Final = 2.0  # without a move, until a few missing rows are worth a whole list
_FEW: Final = 0.1  # of the rows
_LIST_OF: Final = {"assigned": "active", "in_progress": "active"}
_PLACES: Final = {
    name: [
        place for place, status in enumerate(COUNT_NAMES) if _LIST_OF.get(status, status) == name
    ]
    for name in LISTS
}


@total_ordering
class _Last:
    """A job id that sorts backwards: Redis reads the newest first, ties included."""

    __slots__ = ("job_id",)

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Last) and self.job_id == other.job_id

    def __lt__(self, other: _Last) -> bool:
        return self.job_id > other.job_id

    __hash__ = None  # type: ignore[assignment]


Key = tuple[float, str, Any]


class _Row(msgspec.Struct):
    job_id: str
    status: str
    priority: float = 0
    order_key: str = ""
    run_at: int = 0
    assigned_at: int = 0
    finished_at: int = 0


_ROW: Final = msgspec.json.Decoder(_Row)


def list_of(status: str) -> str:
    """Name the list that shows jobs in `status`."""
    return _LIST_OF.get(status, status)


def sort_key(list_name: str, job_id: str, facts: Any) -> Key:
    """Where a job stands in a list; the order of Redis, and the same rule as in the browser's store."""
    if list_name == "pending":
        return (-facts.priority, facts.order_key, job_id)
    if list_name == "scheduled":
        return (facts.run_at, "", job_id)
    if list_name == "active":
        return (facts.assigned_at, "", job_id)
    return (-facts.finished_at, "", _Last(job_id))


def window_of(list_name: str) -> int:
    """How many rows a list shows."""
    return limits.SNAPSHOT_ACTIVE if list_name == "active" else limits.SNAPSHOT_WINDOW


def lists_left(events: Iterable[LoggedEvent]) -> set[str]:
    """Name the lists that a job left."""
    return {
        list_of(logged.event.old_status)
        for logged in events
        if logged.event.job is not None and logged.event.old_status is not None
    }


def length_of(list_name: str, counts: Sequence[int]) -> int:
    """How long a list is, of all jobs. `counts`: in the order of COUNT_NAMES."""
    return sum(counts[place] for place in _PLACES[list_name])


def may_be_cut(list_name: str, counts: Sequence[int], within: int = 1) -> bool:
    """Whether a screen may show only the head of a list, or did `within` moves ago."""
    # The counts of final jobs are of all time, not of those that are kept.
    long = length_of(list_name, counts) + within >= window_of(list_name)
    return long or list_name in FINAL_STATUSES


class _Mirror:
    def __init__(self, list_name: str) -> None:
        self.window = window_of(list_name)
        self.keys: list[Key] = []
        self.truncated = False
        self.shortest = 0
        self.full = 0  # rows that a refill brought last
        self.asked_at = 0.0
        self._moves = self._moves_seen = 0
        self._moved_at = 0.0

    def fill(self, keys: list[Key], truncated: bool, now: float, *, short: bool) -> None:
        self.keys, self.truncated, self.asked_at = sorted(keys), truncated, now
        self.full = self.shortest = len(keys)
        if short:
            self.full = self.window

    def join(self, other: _Mirror) -> bool:
        self.shortest = min(self.shortest, other.shortest)
        if len(other.keys) <= len(self.keys):
            return False
        self.keys, self.truncated, self.full = other.keys, other.truncated, other.full
        return True

    @property
    def holed(self) -> bool:
        return self.truncated and len(self.keys) < self.window

    def everywhere(self, key: Key) -> bool:
        """Whether even the shortest head holds a key that is in the longest."""
        return bisect_left(self.keys, key) < self.shortest

    def takes(self, key: Key) -> bool:
        """Whether a key would stand before the end of the longest head."""
        return not self.truncated or bisect_left(self.keys, key) < len(self.keys)

    def insert(self, key: Key) -> list[Key]:
        """Put a job in; returns the keys that are shown no more, itself perhaps."""
        self._moves += 1
        place = bisect_left(self.keys, key)
        if self.truncated and place == len(self.keys):
            return [key]
        short = self.shortest < len(self.keys) or self.truncated
        if place < self.shortest or not short:
            self.shortest += 1
        self.keys.insert(place, key)
        if len(self.keys) <= self.window:
            return []
        self.truncated, self.full = True, self.window
        self.shortest = min(self.shortest, self.window)
        return [self.keys.pop()]

    def remove(self, key: Key) -> None:
        self._moves += 1
        place = bisect_left(self.keys, key)
        if place < len(self.keys) and self.keys[place] == key:
            del self.keys[place]
            if place < self.shortest:
                self.shortest -= 1

    def due(self, now: float) -> bool:
        goal = max(self.full, len(self.keys)) if self.truncated else len(self.keys)
        if self.truncated and not goal:
            goal = 1  # nothing found within reach of a filter: look again at leisure
        if self.shortest >= goal:
            return False
        if self.shortest >= (1 - _FEW) * goal and not self._stands_still(now):
            return False
        half_empty = 2 * self.shortest < goal and goal > 1
        return now - self.asked_at >= (AT_ONCE_S if half_empty else LEISURE_S)

    def _stands_still(self, now: float) -> bool:
        if self._moves != self._moves_seen:
            self._moves_seen, self._moved_at = self._moves, now
        return now - self._moved_at >= _CALM_S


class ListTracker:
    """Mirrors the lists of the monitors that share topics and filters."""

    def __init__(self) -> None:
        self._mirrors = {name: _Mirror(name) for name in LISTS}
        self._places: dict[str, tuple[str, Key]] = {}

    def fill(self, list_name: str, rows: Rows, now: float, *, short: bool = False) -> None:
        """Learn the rows that every monitor was sent. `short`: fewer on purpose, for now."""
        keys = []
        for raw in rows.rows:
            row = _ROW.decode(raw)
            keys.append(sort_key(list_name, row.job_id, row))
        self._forget(list_name)
        mirror = self._mirrors[list_name]
        mirror.fill(keys, rows.truncated, now, short=short and rows.truncated)
        self._place(list_name)

    def join(self, other: ListTracker, unknown: Container[str]) -> None:
        """Take a monitor in that shows `other`, at the same seq. `unknown`: lists not mirrored so far."""
        for name, theirs in other._mirrors.items():
            mirror = self._mirrors[name]
            before = mirror.keys
            if name in unknown:
                self._mirrors[name] = theirs
            elif not mirror.join(theirs):
                continue
            for key in before:
                self._places.pop(_job_id(key), None)
            self._place(name)

    def _forget(self, list_name: str) -> None:
        for key in self._mirrors[list_name].keys:
            self._places.pop(_job_id(key), None)

    def _place(self, list_name: str) -> None:
        for key in self._mirrors[list_name].keys:
            self._places[_job_id(key)] = (list_name, key)

    def apply(self, event: Event, *, matches: bool = True) -> None:
        """Move the event's job to the list of its new state, or off the screen."""
        if event.job is None or event.job_id is None:
            return
        known = self._places.pop(event.job_id, None)
        if known is not None:
            self._mirrors[known[0]].remove(known[1])
        if event.new_status is not None and matches:
            self._insert(event.job_id, event.new_status, event.job)

    def shows(self, job_id: str) -> bool:
        """Whether the job may be on a screen of the group."""
        return job_id in self._places

    def shown_by_all(self, job_id: str) -> str | None:
        """Name the list in which every monitor of the group shows the job."""
        place = self._places.get(job_id)
        if place is None or not self._mirrors[place[0]].everywhere(place[1]):
            return None
        return place[0]

    def would_show(self, event: Event) -> bool:
        """Whether the event's job would come on a screen, as its list is now."""
        if event.job is None or event.job_id is None or event.new_status is None:
            return False
        name = list_of(event.new_status)
        return self._mirrors[name].takes(sort_key(name, event.job_id, event.job))

    @property
    def shown(self) -> KeysView[str]:
        """The jobs that may be on a screen."""
        return self._places.keys()

    @property
    def holed(self) -> set[str]:
        """The lists in which a monitor that came another way may show more than the mirror."""
        return {name for name, mirror in self._mirrors.items() if mirror.holed}

    @property
    def cut(self) -> set[str]:
        """The lists of which monitors show the head."""
        return {name for name, mirror in self._mirrors.items() if mirror.truncated}

    def due(self, now: float) -> list[str]:
        """The lists whose rows should be sent again now."""
        return [name for name, mirror in self._mirrors.items() if mirror.due(now)]

    def may_ask(self, list_name: str, now: float) -> bool:
        """Whether the last refill of a list is a second old."""
        return now - self._mirrors[list_name].asked_at >= AT_ONCE_S

    def asked(self, list_name: str, now: float) -> None:
        """Note that the rows of a list are being read."""
        self._mirrors[list_name].asked_at = now

    def _insert(self, job_id: str, status: str, facts: Facts) -> None:
        list_name = list_of(status)
        key = sort_key(list_name, job_id, facts)
        self._places[job_id] = (list_name, key)
        for gone in self._mirrors[list_name].insert(key):
            self._places.pop(_job_id(gone), None)


def _job_id(key: Key) -> str:
    last = key[2]
    return last.job_id if isinstance(last, _Last) else last
