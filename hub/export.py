"""CSV as spreadsheets and pandas read it, one row at a time: memory does not grow with rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from hub.figures import Figures, FiguresRow, described
from hub.records import Job

JOB_COLUMNS: Final = (
    "job_id",
    "job_type",
    "status",
    "run",
    "priority",
    "attempt",
    "losses",
    "worker_id",
    "workflow_id",
    "customer_id",
    "created_at",
    "pending_at",
    "assigned_at",
    "started_at",
    "finished_at",
    "wait_ms",
    "run_ms",
    "turnaround_ms",
    "error_type",
    "error_message",
)
METRICS_COLUMNS: Final = FiguresRow.__struct_fields__
SUMMARY_COLUMNS: Final = ("from", "to", "group", *described(Figures()))
AUDIT_COLUMNS: Final = (
    "audit_id",
    "at",
    "actor",
    "action",
    "count",
    "job_ids",
    "worker_id",
    "job_type",
    "name",
    "role",
    "detail",
)

_MOMENTS: Final = frozenset({"at", "bucket_start", "first_at", "last_at"})
_ROWS_A_CHUNK: Final = 200
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMERIC: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


Row = TypeVar("Row", bound=msgspec.Struct)


def jobs_csv(jobs: Iterable[Job]) -> Iterator[str]:
    """Write jobs.csv in chunks, header first."""
    return _csv(JOB_COLUMNS, (_job_cells(job) for job in jobs))


def metrics_csv(rows: Iterable[FiguresRow]) -> Iterator[str]:
    """Write metrics.csv in chunks, header first."""
    return struct_csv(FiguresRow, rows)


def summary_csv(from_ms: int, to_ms: int, totals: Iterable[tuple[str, Figures]]) -> Iterator[str]:
    """Write summary.csv in chunks, header first: a row a group, with every figure of the range."""
    ends = (iso_time(from_ms), iso_time(to_ms))
    rows = ((*ends, group, *described(figures).values()) for group, figures in totals)
    return _csv(SUMMARY_COLUMNS, rows)


def struct_csv(shape: type[Row], rows: Iterable[Row]) -> Iterator[str]:
    """Write one column a field of `shape`, in chunks, header first; moments as ISO 8601."""
    columns = shape.__struct_fields__
    return _csv(columns, ([_cell(row, column) for column in columns] for row in rows))


def audit_csv(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Write audit.csv in chunks, header first; what has no column of its own is JSON in `detail`."""
    return _csv(AUDIT_COLUMNS, (_audit_cells(entry) for entry in entries))


def iso_time(at: int | None) -> str:
    """Write Unix milliseconds as ISO 8601 in UTC, to the millisecond; empty for None."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def safe_cell(value: Any) -> str:
    """Write a cell that no spreadsheet takes for a formula.

    Source: OWASP, CSV injection, full-width letters included; numbers keep their sign.
    """
    text = "" if value is None else str(value)
    if text.startswith(_FORMULA) and not _NUMERIC.fullmatch(text):
        return "'" + text
    return text


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # RFC 4180: CRLF, quotes doubled
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([safe_cell(cell) for cell in row])
        if number % _ROWS_A_CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _job_cells(job: Job) -> Iterator[Any]:
    for column in JOB_COLUMNS:
        if column.endswith("_at"):
            yield iso_time(getattr(job, column))
        elif column == "turnaround_ms":
            yield None if job.finished_at is None else job.finished_at - job.created_at
        elif column == "error_type":
            yield job.error.type if job.error else None
        elif column == "error_message":
            yield job.error.message if job.error else None
        else:
            yield getattr(job, column)


def _cell(row: msgspec.Struct, column: str) -> Any:
    value = getattr(row, column)
    return iso_time(value) if column in _MOMENTS else value


def _audit_cells(entry: dict[str, Any]) -> Iterator[Any]:
    rest = {name: value for name, value in entry.items() if name not in AUDIT_COLUMNS}
    for column in AUDIT_COLUMNS:
        if column == "at":
            yield iso_time(entry["at"])
        elif column == "job_ids":
            yield " ".join(entry.get("job_ids", ()))
        elif column == "detail":
            yield msgspec.json.encode(rest).decode() if rest else None
        else:
            yield entry.get(column)
