"""CSV as others read it: pandas and LibreOffice get back what was written, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from hub.export import (
    AUDIT_COLUMNS,
    JOB_COLUMNS,
    audit_csv,
    jobs_csv,
    metrics_csv,
    summary_csv,
)
from hub.figures import Figures, figures_row
from hub.records import Job, JobError
from tests.support.spreadsheet import SOFFICE, opened_in_libreoffice

HOSTILE = [
    "=cmd()",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\uff1d1+1",
    "\uff20SUM(A1)",
    'quote " and , comma',
    "two\r\nlines",
    "ünï 🎈 עברית",
    "x" * 10_000,
]

FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # what a cell must not begin with


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
        assert cell[0] not in FORMULA
    assert frame["priority"].tolist() == [0] * len(HOSTILE)
    assert frame["turnaround_ms"].tolist() == [877] * len(HOSTILE)
    assert frame["created_at"][0] == pd.Timestamp("2025-06-15T15:06:40.123Z")


def test_no_cell_of_any_column_is_a_formula_when_every_text_is_one() -> None:
    evil = "=1+1"
    texts = ("job_id", "job_type", "worker_id", "workflow_id", "customer_id")
    error = JobError(type=evil, message=evil)
    hostile = msgspec.structs.replace(job(1, ""), **dict.fromkeys(texts, evil), error=error)
    entry = dict.fromkeys(AUDIT_COLUMNS, evil) | {"at": 0, "job_ids": [evil], evil: evil}
    written = [
        "".join(jobs_csv([hostile])),
        "".join(audit_csv([entry])),
        "".join(metrics_csv([figures_row(0, 60, evil, Figures())])),
        "".join(summary_csv(0, 1, [(evil, Figures())])),
    ]
    for text in written:
        header, row = csv.reader(io.StringIO(text))
        assert len(header) == len(row)
        assert "'=1+1" in row
        assert not [cell for cell in row if cell and cell[0] in FORMULA]


@pytest.mark.parametrize("number", ["-5", "+3.2", "-1e9"])
def test_numbers_keep_their_sign(number: str) -> None:
    text = "".join(jobs_csv([job(1, number)]))
    assert text.splitlines()[1].endswith(f",{number}")


def test_pandas_reads_figures_as_numbers_and_gaps_as_missing() -> None:
    full, empty = Figures(), Figures()
    full.add_row({"completed": 3, "run:80": 3, "busy_ms": 1_500, "offered_ms": 60_000})
    rows = [
        figures_row(start, 60, "all", row) for start, row in ((0, full), (1_750_000_020, empty))
    ]
    frame = pd.read_csv(io.StringIO("".join(metrics_csv(rows))), parse_dates=["bucket_start"])
    assert frame["completed"].tolist() == [3, 0]
    assert frame["bucket_start"][1] == pd.Timestamp("2025-06-15T15:07:00Z")
    assert frame["utilisation"].tolist()[0] == 0.025
    assert frame["run_p50_ms"].isna().tolist() == [False, True]


if SOFFICE is not None:  # Debian: apt install libreoffice-calc

    def test_every_cell_is_there_when_libreoffice_opens_it(tmp_path: Path) -> None:
        file = tmp_path / "jobs.csv"
        messages = [message for message in HOSTILE if "\t" not in message] + ["-5"]
        text = "".join(jobs_csv(job(number, message) for number, message in enumerate(messages)))
        file.write_text(text, newline="")
        header, *rows = opened_in_libreoffice(file, len(JOB_COLUMNS))
        assert header == list(JOB_COLUMNS)
        written = list(csv.reader(io.StringIO(text, newline="")))[1:]
        assert len(rows) == len(written)
        for found, cells in zip(rows, written, strict=True):
            for value, cell in zip(found, cells, strict=True):
                wanted = cell.replace("\r\n", "\n")
                assert value == (float(cell) if isinstance(value, float) else wanted)
        assert rows[-1][-1] == -5
