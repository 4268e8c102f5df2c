"""Reads traces in the Standard Workload Format.

A line is a job of 18 numbers between blanks; `;` begins a comment; -1 means unknown. What counts here:
submit time (2), wait (3), run time (4), status (11), user (12), queue (15) and partition (16), all times
in seconds. Source: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TextIO

import msgspec

from hub.errors import InvalidInput

Outcome = Literal["completed", "failed", "cancelled"]

FIELDS: Final = 18
_GZIP_MAGIC: Final = b"\x1f\x8b"
_SUBMIT, _WAIT, _RUN, _STATUS, _USER, _QUEUE, _PARTITION = 1, 2, 3, 10, 11, 14, 15
# -1: the trace does not know, as many do not; such a job ran and is taken to have completed.
_OUTCOMES: Final[dict[int, Outcome]] = {
    1: "completed",
    0: "failed",
    5: "cancelled",
    -1: "completed",
}
_PARTIAL: Final = frozenset({2, 3, 4})


class Row(msgspec.Struct, frozen=True):
    """A job of a trace. `row` counts data lines from 0; times are seconds of the trace."""

    row: int
    submit_s: float
    wait_s: float
    run_s: float
    outcome: Outcome
    job_type: str
    customer_id: str | None

    @property
    def cancelled_waiting(self) -> bool:
        """Whether it was cancelled before it ran."""
        return self.outcome == "cancelled" and self.run_s == 0


class Skipped(msgspec.Struct, frozen=True):
    """A data line that is no job; `line` counts all lines from 1, as editors do."""

    line: int
    reason: str


def read_trace(
    path: Path, *, first: int = 0, limit: int | None = None
) -> tuple[list[Row], list[Skipped]]:
    """Read the data lines `first` to `first + limit` of a trace, plain or gzip.

    Returns: rows in the order of their submit times, and what was skipped.
    Raises:  InvalidInput: the file cannot be read, or holds no job there.
    """
    rows: list[Row] = []
    skipped: list[Skipped] = []
    end = None if limit is None else first + limit
    try:
        with _open(path) as file:
            for place, (number, text) in enumerate(islice(_data_lines(file), first, end), first):
                read = _parse(place, number, text)
                if isinstance(read, Row):
                    rows.append(read)
                else:
                    skipped.append(read)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"{path} cannot be read: {why}", field="FILE") from None
    if not rows:
        where = "" if first == 0 else f" from row {first} on"
        raise InvalidInput(f"{path} holds no job{where}", field="FILE")
    return sorted(rows, key=lambda row: row.submit_s), skipped


def _open(path: Path) -> TextIO:
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
    if zipped:
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _data_lines(file: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file, 1):
        text = line.strip()
        if text and not text.startswith(";"):
            yield number, text


def _parse(place: int, number: int, text: str) -> Row | Skipped:
    words = text.split()
    if len(words) != FIELDS:
        return Skipped(number, f"{len(words)} fields instead of {FIELDS}")
    try:
        values = [float(word) for word in words]
    except ValueError:
        return Skipped(number, "a field is not a number")
    if not all(map(math.isfinite, values)):
        return Skipped(number, "a field is not a finite number")
    if values[_SUBMIT] < 0:
        return Skipped(number, f"the submit time is {values[_SUBMIT]:g}")
    status = int(values[_STATUS])
    if status in _PARTIAL:
        return Skipped(number, f"status {status} is a part of a job, told as a whole elsewhere")
    if status not in _OUTCOMES or status != values[_STATUS]:
        return Skipped(number, f"the status is {values[_STATUS]:g}")
    user = int(values[_USER])
    return Row(
        row=place,
        submit_s=values[_SUBMIT],
        wait_s=max(0.0, values[_WAIT]),
        run_s=max(0.0, values[_RUN]),
        outcome=_OUTCOMES[status],
        job_type=_job_type(int(values[_QUEUE]), int(values[_PARTITION])),
        customer_id=None if user < 0 else f"user-{user}",
    )


def _job_type(queue: int, partition: int) -> str:
    if queue >= 0:
        return f"queue-{queue}"
    return f"partition-{partition}" if partition >= 0 else "default"
