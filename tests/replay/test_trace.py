"""Traces are read as the format says; what is wrong in them is named by its line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hub.errors import InvalidInput
from hub.replay.trace import read_trace

SMALL = Path(__file__).parents[1] / "data" / "small.swf"


def _line(**changed: str) -> str:
    words = SMALL.read_text().splitlines()[2].split()
    places = {"submit": 1, "run": 3, "status": 10, "user": 11, "queue": 14, "partition": 15}
    for name, word in changed.items():
        words[places[name]] = word
    return " ".join(words) + "\n"


def _trace(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trace.swf"
    path.write_text(text)
    return path


def test_rows_are_sorted_by_submit_time_and_keep_their_number() -> None:
    rows, _ = read_trace(SMALL)
    assert [row.row for row in rows] == [0, 1, 2, 3, 4, 5, 9, 6, 7, 11]
    assert [row.outcome for row in rows].count("cancelled") == 2
    assert {row.job_type for row in rows} == {"partition-4", "partition-10", "queue-2", "default"}
    assert rows[0].customer_id == "user-7"


def test_lines_are_named_when_they_are_no_jobs() -> None:
    _, skipped = read_trace(SMALL)
    assert [(item.line, item.reason.partition(" ")[0]) for item in skipped] == [
        (12, "2"),
        (14, "status"),
    ]


def test_window_counts_data_lines_when_first_and_limit_are_given() -> None:
    rows, skipped = read_trace(SMALL, first=7, limit=3)
    assert [row.row for row in rows] == [9, 7]
    assert [item.line for item in skipped] == [12]


def test_gzip_is_read_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "trace.swf"
    path.write_bytes(gzip.compress(SMALL.read_bytes()))
    assert read_trace(path) == read_trace(SMALL)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (_line(status="7"), "the status is 7"),
        (_line(status="0.5"), "the status is 0.5"),
        (_line(submit="-3"), "the submit time is -3"),
        (_line(submit="nan"), "a field is not a finite number"),
        (_line(run="x"), "a field is not a number"),
        (_line() .strip() + " 5\n", "19 fields instead of 18"),
    ],
)  # fmt: skip
def test_line_is_skipped_with_its_reason_when_it_is_malformed(
    tmp_path: Path, line: str, reason: str
) -> None:
    rows, skipped = read_trace(_trace(tmp_path, f"; head\n{_line()}{line}"))
    assert len(rows) == 1
    assert [(item.line, item.reason) for item in skipped] == [(3, reason)]


def test_job_counts_as_never_run_when_its_run_time_is_unknown(tmp_path: Path) -> None:
    rows, _ = read_trace(_trace(tmp_path, _line(run="-1", status="5", user="-1")))
    assert rows[0].cancelled_waiting
    assert rows[0].customer_id is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no job"),
        ("; only a comment\n\n", "holds no job"),
        ("nonsense\n", "holds no job"),
    ],
)
def test_file_is_refused_when_it_holds_no_job(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_trace(_trace(tmp_path, text))


def test_file_is_refused_when_it_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        read_trace(tmp_path / "missing.swf")
    broken = tmp_path / "broken.swf.gz"
    broken.write_bytes(gzip.compress(SMALL.read_bytes())[:100])
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_trace(broken)
