"""What a subscription shows of the state: pure functions over snapshots and lists.

Every list is a head of the true one: the first rows that pass the filters, at most one window, and
`truncated` when there may be more. Without a topic that would keep it true, a list has no rows.
"""

from __future__ import annotations

import msgspec

from hub import limits
from hub.list_tracker import window_of
from hub.snapshot import ListWindow, Rows, Snapshot, halve
from hub.subscription import Subscription


def view(snapshot: Snapshot, subscription: Subscription) -> Snapshot:
    """Keep what `subscription` shows, at most 1 MiB of it. Counts, queues and figures are never filtered."""
    return msgspec.structs.replace(
        snapshot,
        workers=_workers(snapshot.workers, subscription),
        jobs={name: _jobs(name, rows, subscription) for name, rows in snapshot.jobs.items()},
    ).fitted()


def view_of_list(name: str, window: ListWindow, subscription: Subscription) -> ListWindow:
    """Keep what `subscription` shows of one list, at most WINDOW_BYTES of it."""
    rows = _jobs(name, window.rows, subscription)
    while len(rows.rows) > 1 and sum(len(bytes(row)) for row in rows.rows) > limits.WINDOW_BYTES:
        rows = halve(rows)
    return msgspec.structs.replace(window, rows=rows)


def _jobs(name: str, rows: Rows, subscription: Subscription) -> Rows:
    if not subscription.shows_jobs:
        return Rows([], bool(rows.rows))
    kept = rows.rows if subscription.filter.all else subscription.filter.job_rows(rows.rows)
    return _cut(kept, window_of(name), rows.truncated)


def _workers(rows: Rows, subscription: Subscription) -> Rows:
    if not subscription.shows_workers:
        return Rows([], bool(rows.rows))
    kept = rows.rows if subscription.filter.all else subscription.filter.worker_rows(rows.rows)
    return _cut(kept, limits.SNAPSHOT_ACTIVE, rows.truncated)


def _cut(rows: list[msgspec.Raw], window: int, truncated: bool) -> Rows:
    return Rows(rows[:window], truncated or len(rows) > window)
