"""Short lists whole, in the place of more moves than a monitor's budget pays for.

Polling shows the head of each list, however much happened behind it. A group in debt does the same: the
lists in which something moved, as they are in Redis at one seq, and none of the moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from hub.event_log import LoggedEvent
from hub.list_tracker import list_of
from hub.snapshot import Rows, Snapshot

SHORT_ROWS: Final = {
    "pending": 50,
    "scheduled": 20,
    "completed": 20,
    "failed": 20,
    "cancelled": 20,
}  # what stats_broadcast shows of them; active jobs are never cut


class Refresh(msgspec.Struct, frozen=True):
    """The heads of all lists, exact at `seq` of `epoch`."""

    epoch: str
    seq: int
    lists: dict[str, Rows]


def refresh_from(snapshot: Snapshot) -> Refresh:
    """Keep of a snapshot what a refresh may need."""
    return Refresh(
        snapshot.epoch,
        snapshot.seq,
        {name: _short(name, rows) for name, rows in snapshot.jobs.items()},
    )


def _short(name: str, rows: Rows) -> Rows:
    most = SHORT_ROWS.get(name, len(rows.rows))
    return Rows(rows.rows[:most], rows.truncated or len(rows.rows) > most)


def lists_moved(events: Iterable[LoggedEvent]) -> set[str]:
    """Name the lists that a job left or entered."""
    return {
        list_of(status)
        for logged in events
        if logged.event.job is not None
        for status in (logged.event.old_status, logged.event.new_status)
        if status is not None
    }
