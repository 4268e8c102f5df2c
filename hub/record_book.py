"""What every monitor of a group knows of each record, so that an event need only carry what changed.

The book holds the last record of each job that is on a screen, and of each worker, as the group was told
it. An event that nobody was told takes its record out of the book: the next one is told whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec

from hub.event_log import LoggedEvent

_WORKERS_MAX: Final = 2_000  # remembered; beyond them all are told whole once more
_LATE: Final = ("rev", "progress")  # said each time: a monitor may know older ones than the book

_READ: Final = msgspec.json.Decoder(dict[str, Any])
_ABSENT: Final = object()

Record = dict[str, Any]


class RecordBook:
    """Shortens events; each is shown to it once, in order."""

    def __init__(self) -> None:
        self._jobs: dict[str, bytes] = {}
        self._workers: dict[str, bytes] = {}

    def fill(self, rows: Iterable[msgspec.Raw], *, known_better: bool = False) -> None:
        """Note rows of a list that everyone was sent. `known_better`: what the book has is newer."""
        for row in rows:
            job_id = msgspec.json.decode(row, type=_Named).job_id
            if not known_better or job_id not in self._jobs:
                self._jobs[job_id] = bytes(row)

    def forget(self, events: Iterable[LoggedEvent]) -> None:
        """Take out the jobs of events that nobody is told."""
        for logged in events:
            if logged.event.job is not None:
                self._jobs.pop(logged.event.job_id or "", None)

    def note(self, events: Iterable[LoggedEvent]) -> None:
        """Learn from events without shortening them."""
        for logged in events:
            if logged.event.job is not None:
                self._jobs[logged.event.job_id or ""] = logged.raw

    def keep(self, shown: Collection[str]) -> None:
        """Drop the jobs that are on no screen, once they are more than those that are."""
        if len(self._jobs) > 2 * len(shown) + 1_000:
            self._jobs = {job_id: self._jobs[job_id] for job_id in shown if job_id in self._jobs}

    def shorten(self, logged: LoggedEvent, *, shown: bool) -> LoggedEvent:
        """Give the event with `change` in the place of a record that everyone has.

        Args: shown: the job is on every screen of the group.
        """
        event = logged.event
        if event.job is not None:
            base = self._jobs.get(event.job_id or "") if shown else None
            self._jobs[event.job_id or ""] = logged.raw
            return _shortened(logged, "job", base)
        if event.worker is not None:
            if len(self._workers) > _WORKERS_MAX:
                self._workers.clear()
            base = self._workers.get(event.worker_id or "")
            self._workers[event.worker_id or ""] = logged.raw
            return _shortened(logged, "worker", base)
        return logged


class _Named(msgspec.Struct):
    job_id: str


def _shortened(logged: LoggedEvent, kind: str, base: bytes | None) -> LoggedEvent:
    if base is None or logged.event.new_status is None:
        return logged
    told = _READ.decode(logged.raw)
    before = _READ.decode(base)
    change = change_between(before.get(kind, before), told[kind])
    if change is None or told[kind].get("status") != told["new_status"]:
        return logged
    change.pop("status", None)
    for name in (kind, "old_status"):
        told.pop(name, None)
    raw = msgspec.json.encode({**told, "change": change})
    return msgspec.structs.replace(logged, raw=raw)


def change_between(before: Record, after: Record) -> Record | None:
    """What turns `before` into `after`: new values, null for what is gone; None when that cannot be said."""
    if None in after.values():
        return None
    change = {
        name: value
        for name, value in after.items()
        if name in _LATE or before.get(name, _ABSENT) != value
    }
    change.update(dict.fromkeys(before.keys() - after.keys() - set(_LATE)))
    change.pop("last_heartbeat_at", None)
    if "job_ids" in change:
        change["job_ids"] = _moved_ids(before.get("job_ids", []), after["job_ids"])
    return change


def _moved_ids(before: list[str], after: list[str]) -> list[str] | dict[str, list[str]]:
    """The ids that went and came, where that gives the same order; else all of them."""
    kept, known = set(after), set(before)
    gone = [job_id for job_id in before if job_id not in kept]
    come = [job_id for job_id in after if job_id not in known]
    if [job_id for job_id in before if job_id in kept] + come != after:
        return after
    return {name: ids for name, ids in (("gone", gone), ("come", come)) if ids}
