"""A replayed trace ends, in Redis, on the monitor's wire and in jobs.csv, as the trace says."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import httpx
import pytest

from hub.replay.trace import Row, read_trace
from tests.support.commands import Ended, run_jobhub
from tests.support.processes import Server

SMALL = Path(__file__).parents[1] / "data" / "small.swf"
FULL = Path(__file__).parents[3] / "shared" / "data"


def _replay(hub: Server, trace: Path, *args: str, timeout_s: float = 60.0) -> Ended:
    environ = {"JOBHUB_HUB_URL": hub.url}
    return run_jobhub("replay", str(trace), *args, environ=environ, timeout_s=timeout_s)


def _assert_as_in_the_trace(ended: Ended, rows: list[Row], api: httpx.Client) -> None:
    wanted = Counter(row.outcome for row in rows)
    assert ended.status == 0, ended.errors
    assert "all as in the trace" in ended.output
    counts = api.get("/api/stats").json()["counts"]
    assert {state: counts[state] for state in ("completed", "failed", "cancelled")} == {
        state: wanted[state] for state in ("completed", "failed", "cancelled")
    }
    assert sum(counts[state] for state in ("scheduled", "pending", "assigned", "in_progress")) == 0
    exported = list(csv.DictReader(io.StringIO(api.get("/api/export/jobs.csv").text)))
    assert Counter((job["status"], job["job_type"], job["customer_id"]) for job in exported) == (
        Counter((row.outcome, row.job_type, row.customer_id or "") for row in rows)
    )
    never_ran = [job for job in exported if job["status"] == "cancelled" and not job["assigned_at"]]
    assert len(never_ran) == sum(row.cancelled_waiting for row in rows)
    failures = {job["error_type"] for job in exported if job["status"] == "failed"}
    assert failures <= {"TraceFailure"}
    assert {job["attempt"] for job in exported if job["status"] == "failed"} <= {"1"}


def test_every_job_ends_as_in_the_trace(hub: Server, api: httpx.Client) -> None:
    ended = _replay(hub, SMALL, "--speed", "50", "--workers", "2", "--slots", "4")
    _assert_as_in_the_trace(ended, read_trace(SMALL)[0], api)
    assert "line 12 is skipped: 2 fields instead of 18" in ended.errors
    states = {worker["status"] for worker in api.get("/api/workers").json()["workers"]}
    assert states == {"offline"}


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("missing.swf",), 1, "FILE: missing.swf cannot be read: No such file"),
        (("/dev/null",), 1, "FILE: /dev/null holds no job"),
        ((str(SMALL), "--first", "99"), 1, "holds no job from row 99 on"),
        ((str(SMALL), "--speed", "-1"), 2, "'--speed': must be above 0, not -1"),
        ((str(SMALL), "--speed", "0"), 2, "'--speed': must be above 0"),
        ((str(SMALL), "--speed", "nan"), 2, "'--speed': must be above 0"),
        ((str(SMALL), "--workers", "0"), 2, "'--workers'"),
        ((str(SMALL), "--slots", "-5"), 2, "'--slots'"),
        ((str(SMALL), "--limit", "0"), 2, "'--limit'"),
        ((str(SMALL), "--hub-url", "http://127.0.0.1:9"), 1, "127.0.0.1:9"),
    ],
)
def test_mistake_is_named_when_a_replay_cannot_begin(
    args: tuple[str, ...], status: int, said: str
) -> None:
    ended = run_jobhub("replay", *args)
    assert ended.status == status
    assert said in ended.errors


if FULL.exists():  # beside the repository, where the full traces are kept

    @pytest.mark.slow
    @pytest.mark.timeout(600)
    @pytest.mark.parametrize(
        ("name", "first", "limit", "args"),
        [
            (
                "CEA-Curie-2011-2.1-cln-b1.swf.gz",
                21_100,
                2_968,
                ("--speed", "1000", "--workers", "4", "--slots", "100"),
            ),
            ("KTH-SP2-1996-2.1-cln.swf.gz", 0, 1_000, ("--speed", "20000", "--slots", "100")),
        ],
    )
    def test_every_job_ends_as_in_the_full_trace(
        hub: Server, api: httpx.Client, name: str, first: int, limit: int, args: tuple[str, ...]
    ) -> None:
        window = ("--first", str(first), "--limit", str(limit))
        ended = _replay(hub, FULL / name, *window, *args, timeout_s=500)
        rows, _ = read_trace(FULL / name, first=first, limit=limit)
        _assert_as_in_the_trace(ended, rows, api)
