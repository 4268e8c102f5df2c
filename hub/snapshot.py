"""The whole state at one sequence number: what a monitor starts from.

One script reads it, so records, lists and counts belong together. Rows stay the JSON that Redis
holds; only filtering decodes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hub import limits
from hub.event_log import COUNT_NAMES
from hub.messages import Filters
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

Counts = dict[str, int]


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


class Stats(msgspec.Struct, frozen=True):
    """One number a state of jobs and workers, exact at `seq` of `epoch`."""

    epoch: str
    seq: int
    timestamp: int
    counts: Counts
    workers: dict[str, int]


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

    def filtered(self, filters: Filters) -> Snapshot:
        """Keep the rows that match; counts, queues and figures are never filtered."""
        if filters == Filters():
            return self
        return msgspec.structs.replace(
            self,
            workers=Rows(
                [row for row in self.workers.rows if _worker_matches(row, filters)],
                self.workers.truncated,
            ),
            jobs={name: filter_rows(rows, filters) for name, rows in self.jobs.items()},
        )

    def document(self, *, max_bytes: int = limits.SNAPSHOT_BYTES) -> bytes:
        """Write `{epoch, seq, timestamp, data}` as JSON of at most `max_bytes`.

        The longest lists give rows away first, and say so in `truncated`.
        """
        jobs, workers = dict(self.jobs), self.workers
        while True:
            text = self._encode(jobs, workers)
            if len(text) <= max_bytes:
                return text
            longest = max(jobs, key=lambda name: _size(jobs[name]))
            if _size(workers) > _size(jobs[longest]):
                workers = _halve(workers)
            else:
                jobs[longest] = _halve(jobs[longest])

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

    def _encode(self, jobs: dict[str, Rows], workers: Rows) -> bytes:
        data = {
            "workers": workers.rows,
            "workers_truncated": workers.truncated,
            "jobs": jobs,
            "queues": self.queues,
            "counts": self.counts,
            "system_stats": self.system_stats,
            "series": self.series,
        }
        return msgspec.json.encode(
            {"epoch": self.epoch, "seq": self.seq, "timestamp": self.timestamp, "data": data}
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

    def read(self) -> Snapshot:
        """Read everything. Redis: read_snapshot.lua, one round trip, O(rows + workers + job types)."""
        epoch, seq, last_ms, counts, workers, worker_total, lists, queues, stats = (
            self._service.run(
                "read_snapshot",
                window=limits.SNAPSHOT_WINDOW,
                active=limits.SNAPSHOT_ACTIVE,
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
            epoch=epoch.decode(),
            seq=int(seq),
            timestamp=int(last_ms),
            workers=Rows(worker_rows, worker_total > len(worker_rows)),
            jobs={name: _rows(*given) for name, given in zip(LISTS, lists, strict=True)},
            queues=msgspec.Raw(queues),
            counts=_counts(counts),
            system_stats=msgspec.Raw(stats[-1] if stats else b"null"),
            series=_columns([second for second in seconds if second.second >= recent]),
        )

    def read_window(self, name: str) -> ListWindow:
        """Read one list. Redis: read_list.lua, one round trip, O(rows)."""
        window = limits.SNAPSHOT_ACTIVE if name == "active" else limits.SNAPSHOT_WINDOW
        epoch, seq, given = self._service.run("read_list", list=name, window=window)
        return ListWindow(epoch.decode(), int(seq), _rows(*given))

    def read_position(self) -> Position:
        """Read epoch, seq and the counts at it. Redis: read_counts.lua, one round trip, O(1)."""
        epoch, seq, counts = self._service.run("read_counts")
        return Position(epoch.decode(), int(seq), _counts(counts))

    def read_stats(self) -> Stats:
        """Read one number a state. Redis: read_stats.lua, one round trip, O(connected workers)."""
        epoch, seq, last_ms, counts, statuses, offline = self._service.run("read_stats")
        workers: dict[str, int] = dict.fromkeys(WORKER_STATUSES, 0)
        for status in statuses:
            workers[status.decode()] += 1
        workers["offline"] = offline
        return Stats(epoch.decode(), int(seq), int(last_ms), _counts(counts), workers)


def job_matches(
    filters: Filters, *, job_type: str | None, worker_id: str | None, priority: float | None
) -> bool:
    """Whether a job's record passes the filters; an absent worker passes only without `worker_ids`."""
    if filters.job_types is not None and job_type not in filters.job_types:
        return False
    if filters.worker_ids is not None and worker_id not in filters.worker_ids:
        return False
    if filters.priority_range is not None:
        low, high = filters.priority_range
        return priority is not None and low <= priority <= high
    return True


def filter_rows(rows: Rows, filters: Filters) -> Rows:
    """Keep the rows of a list of jobs that match."""
    if filters == Filters():
        return rows
    return Rows([row for row in rows.rows if _job_matches(row, filters)], rows.truncated)


class _JobFacts(msgspec.Struct):
    job_type: str
    priority: float
    worker_id: str | None = None


class _WorkerFacts(msgspec.Struct):
    worker_id: str


def _job_matches(row: msgspec.Raw, filters: Filters) -> bool:
    job = msgspec.json.decode(row, type=_JobFacts)
    return job_matches(
        filters, job_type=job.job_type, worker_id=job.worker_id, priority=job.priority
    )


def _worker_matches(row: msgspec.Raw, filters: Filters) -> bool:
    if filters.worker_ids is None:
        return True
    return msgspec.json.decode(row, type=_WorkerFacts).worker_id in filters.worker_ids


def _halve(rows: Rows) -> Rows:
    return Rows(rows.rows[: len(rows.rows) // 2], True)


def _size(rows: Rows) -> int:
    return sum(len(bytes(row)) for row in rows.rows)


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
