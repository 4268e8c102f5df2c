"""jobs.csv as others read it: pandas gets back what was written, and no cell is a formula."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from hub.export import jobs_csv
from hub.records import Job, JobError

HOSTILE = [
    "=cmd()",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    'quote " and , comma',
    "two\r\nlines",
    "ünï 🎈 עברית",
    "x" * 10_000,
]


def job(number: int, message: str) -> Job:
    error = JobError(type="Broken", message=message)
    return Job(
        job_id=f"j{number}",
        job_type="mail",
        status="failed",
        run=1,
        rev=1,
        priority=0,
        created_at=1_750_000_000_123,
        finished_at=1_750_000_001_000,
        run_ms=500,
        error=error,
    )


def test_pandas_reads_every_row_when_messages_are_hostile() -> None:
    text = "".join(jobs_csv(job(number, message) for number, message in enumerate(HOSTILE)))
    frame = pd.read_csv(io.StringIO(text), parse_dates=["created_at", "finished_at"])
    assert len(frame) == len(HOSTILE)
    for cell, message in zip(frame["error_message"], HOSTILE, strict=True):
        assert cell in (message, "'" + message)
        assert cell[0] not in "=+-@\t\r\n"
    assert frame["priority"].tolist() == [0] * len(HOSTILE)
    assert frame["turnaround_ms"].tolist() == [877] * len(HOSTILE)
    assert frame["created_at"][0] == pd.Timestamp("2025-06-15T15:06:40.123Z")


@pytest.mark.parametrize("number", ["-5", "+3.2", "-1e9"])
def test_numbers_keep_their_sign(number: str) -> None:
    text = "".join(jobs_csv([job(1, number)]))
    assert text.splitlines()[1].endswith(f",{number}")
