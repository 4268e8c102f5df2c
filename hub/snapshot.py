"""The whole state at one sequence number: what a monitor starts from.

One script reads it, so records, lists and counts belong together. Rows stay the JSON that Redis
holds; only filtering decodes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hub import limits
from hub.answers import Counts, Stats
from hub.errors import Unavailable
from hub.event_log import COUNT_NAMES
from hub.redis_service import RedisService
from hub.states import WORKER_STATUSES

LISTS: Final = ("pending", "scheduled", "active", "completed", "failed", "cancelled")
SERIES_S: Final = 600

_PLAIN_COLUMNS: Final = (
    "second",
    "submitted",
    "started",
    "completed",
    "failed",
    "cancelled",
    "busy",
    "offered",
)


class Rows(msgspec.Struct, frozen=True):
    """Records as JSON, in the list's order; `truncated`: Redis has more."""

    rows: list[msgspec.Raw]
    truncated: bool


class ListWindow(msgspec.Struct, frozen=True):
    """One list, exact at `seq` of `epoch`."""

    epoch: str
    seq: int
    rows: Rows


class Position(msgspec.Struct, frozen=True):
    """The counts, exact at `seq` of `epoch`."""

    epoch: str
    seq: int
    counts: Counts


class Snapshot(msgspec.Struct, frozen=True):
    """Everything that monitors show, exact at `seq` of `epoch`. `queues` and `series` are JSON."""

    epoch: str
    seq: int
    timestamp: int
    workers: Rows
    jobs: dict[str, Rows]
    queues: msgspec.Raw
    counts: Counts
    system_stats: msgspec.Raw
    series: Series

    def fitted(self, max_bytes: int = limits.SNAPSHOT_BYTES) -> Snapshot:
        """Cut rows until the document holds at most `max_bytes`.

        The longest lists give rows away first, and say so in `truncated`; the series goes last.
        """
        fitted = self
        while len(fitted.document()) > max_bytes:
            jobs = fitted.jobs
            longest = max(jobs, key=lambda name: _size(jobs[name]))
            if _size(fitted.workers) > _size(jobs[longest]):
                fitted = msgspec.structs.replace(fitted, workers=halve(fitted.workers))
            elif jobs[longest].rows:
                halved = {**jobs, longest: halve(jobs[longest])}
                fitted = msgspec.structs.replace(fitted, jobs=halved)
            elif fitted.series.second:
                fitted = msgspec.structs.replace(fitted, series=_columns([]))
            else:
                break
        return fitted

    def document(self) -> bytes:
        """Write `{epoch, seq, timestamp, data}` as JSON."""
        data = {
            "workers": self.workers.rows,
            "workers_truncated": self.workers.truncated,
            "jobs": self.jobs,
            "queues": self.queues,
            "counts": self.counts,
            "system_stats": self.system_stats,
            "series": self.series,
        }
        return msgspec.json.encode(
            {"epoch": self.epoch, "seq": self.seq, "timestamp": self.timestamp, "data": data}
        )

    def broadcast(self) -> bytes:
        """Write the `data` of `stats_broadcast`, the full push that events replace.

        Workers, active jobs (also as `running`), 50 pending, 20 completed and 20 failed ones.
        """
        shares = {
            "pending": 50,
            "active": len(self.jobs["active"].rows),
            "completed": 20,
            "failed": 20,
        }
        jobs = {name: self.jobs[name].rows[:share] for name, share in shares.items()}
        return msgspec.json.encode(
            {
                "workers": self.workers.rows,
                "jobs": jobs,
                "running": self.jobs["active"].rows,
                "queues": self.queues,
                "counts": self.counts,
                "system_stats": self.system_stats,
            }
        )


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float
    p95: float
    p99: float


class Second(msgspec.Struct, frozen=True):
    """The figures of one closed second; busy and offered are mean slots."""

    second: int
    submitted: int
    started: int
    completed: int
    failed: int
    cancelled: int
    busy: float
    offered: float
    wait: Percentiles | None = None
    run: Percentiles | None = None


class Series(msgspec.Struct, frozen=True):
    """Columns over seconds; a second without changes has no entry."""

    step_s: int
    second: list[int]
    submitted: list[int]
    started: list[int]
    completed: list[int]
    failed: list[int]
    cancelled: list[int]
    busy: list[float]
    offered: list[float]
    wait_p50: list[float | None]
    wait_p95: list[float | None]
    wait_p99: list[float | None]
    run_p50: list[float | None]
    run_p95: list[float | None]
    run_p99: list[float | None]


class SnapshotReader:
    """Reads snapshots, lists and counts of one namespace; every read is one atomic script."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def read(self, *, deep: bool = False) -> Snapshot:
        """Read everything. `deep`: so many rows a list that a filter finds some behind the window.

        Raises: Unavailable: Redis has no epoch at this moment.
        Redis:  read_snapshot.lua, one round trip, O(rows + workers + job types).
        """
        epoch, seq, last_ms, counts, workers, worker_total, lists, queues, stats = (
            self._service.run(
                "read_snapshot",
                window=limits.FILTER_SCAN if deep else limits.SNAPSHOT_WINDOW,
                active=limits.FILTER_SCAN if deep else limits.SNAPSHOT_ACTIVE,
                seconds=SERIES_S,
            )
        )
        seconds = [msgspec.json.decode(item, type=Second) for item in stats]
        recent = int(last_ms) // 1000 - SERIES_S
        worker_rows = [
            _worker_row(record, heartbeat)
            for record, heartbeat in zip(workers[::2], workers[1::2], strict=True)
        ]
        return Snapshot(
            epoch=_known(epoch),
            seq=int(seq),
            timestamp=int(last_ms),
            workers=Rows(worker_rows, worker_total > len(worker_rows)),
            jobs={name: _rows(*given) for name, given in zip(LISTS, lists, strict=True)},
            queues=msgspec.Raw(queues),
            counts=_counts(counts),
            system_stats=msgspec.Raw(stats[-1] if stats else b"null"),
            series=_columns([second for second in seconds if second.second >= recent]),
        )

    def read_window(self, name: str, *, deep: bool = False) -> ListWindow:
        """Read one list. Raises: Unavailable. Redis: read_list.lua, one round trip, O(rows)."""
        window = limits.SNAPSHOT_ACTIVE if name == "active" else limits.SNAPSHOT_WINDOW
        if deep:
            window = limits.FILTER_SCAN
        epoch, seq, given = self._service.run("read_list", list=name, window=window)
        return ListWindow(_known(epoch), int(seq), _rows(*given))

    def read_position(self) -> Position:
        """Read epoch, seq and the counts at it. Redis: read_counts.lua, one round trip, O(1)."""
        epoch, seq, counts = self._service.run("read_counts")
        return Position(_known(epoch), int(seq), _counts(counts))

    def read_stats(self) -> Stats:
        """Read one number a state. Redis: read_stats.lua, one round trip, O(connected workers)."""
        epoch, seq, last_ms, counts, statuses, offline = self._service.run("read_stats")
        workers: dict[str, int] = dict.fromkeys(WORKER_STATUSES, 0)
        for status in statuses:
            workers[status.decode()] += 1
        workers["offline"] = offline
        return Stats(_known(epoch), int(seq), int(last_ms), _counts(counts), workers)


def halve(rows: Rows) -> Rows:
    """Keep the first half of a list."""
    return Rows(rows.rows[: len(rows.rows) // 2], True)


def _size(rows: Rows) -> int:
    return sum(len(bytes(row)) for row in rows.rows)


def _known(epoch: bytes | None) -> str:
    if epoch is None:
        raise Unavailable("Redis was emptied; the event log is starting again")
    return epoch.decode()


def _rows(records: Sequence[bytes], total: int) -> Rows:
    return Rows([msgspec.Raw(record) for record in records], total > len(records))


def _worker_row(record: bytes, heartbeat: bytes) -> msgspec.Raw:
    """Put the heartbeat, which changes without an event, into a worker's record."""
    return msgspec.Raw(record[:-1] + b',"last_heartbeat_at":' + heartbeat + b"}")


def _counts(flat: Sequence[bytes]) -> Counts:
    known = {name.decode(): int(count) for name, count in zip(flat[::2], flat[1::2], strict=True)}
    return {name: known.get(name, 0) for name in COUNT_NAMES}


def _columns(seconds: list[Second]) -> Series:
    columns: dict[str, Any] = {
        name: [getattr(second, name) for second in seconds] for name in _PLAIN_COLUMNS
    }
    for axis in ("wait", "run"):
        found = [getattr(second, axis) for second in seconds]
        for name in Percentiles.__struct_fields__:
            columns[f"{axis}_{name}"] = [item and getattr(item, name) for item in found]
    return Series(step_s=1, **columns)
