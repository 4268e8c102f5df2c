"""Real workloads: the figures of a replayed trace equal its job records, bucket by bucket.

The project's own small trace in every run; parts of the two of the parallel workloads archive where they lie
beside the repository, and all of them by `make test-traces`. Time runs 100 times as fast.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.metrics import MetricsReader
from hub.redis_service import RedisService
from hub.replay.trace import Row, read_trace
from tests.support.history import History, PastJob
from tests.support.ledger import START
from tests.support.truth import assert_bucket, busy_ms, records

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT.parent / "shared" / "data"
SPEED = 100
STEP_S = 900
SLOTS = 30  # of each of three workers
CURIE = "CEA-Curie-2011-2.1-cln-b1.swf.gz"
KTH = "KTH-SP2-1996-2.1-cln.swf.gz"
WINDOWS = [
    (ROOT / "tests" / "data" / "small.swf", 0, None),
    (ARCHIVE / CURIE, 21_100, 500),
    (ARCHIVE / KTH, 0, 300),
]


def past_job(row: Row, first_s: float) -> PastJob:
    return PastJob(
        submit_at=START + int((row.submit_s - first_s) * 1000 / SPEED),
        run_ms=int(row.run_s * 1000 / SPEED),
        job_type=row.job_type,
        outcome=row.outcome,
    )


def assert_figures_equal_the_records(
    history: History, service: RedisService, rows: list[Row]
) -> None:
    """Play rows of a trace, and compare every bucket of the hub and of each job type with its records."""
    jobs = [past_job(row, rows[0].submit_s) for row in rows]
    types = sorted({job.job_type for job in jobs})
    for number in range(3):
        history.add_worker(f"w{number}", SLOTS, types)
    history.play(jobs)
    history.settle()
    told = records(service)
    assert len(told) == len(rows)
    metrics = MetricsReader(service)
    groups = {f"type:{name}": told[told["job_type"] == name] for name in types}
    for group, kept in {"all": told, **groups}.items():
        completed = 0
        for bucket in metrics.buckets(STEP_S, START // 1000, history.now // 1000 + 1, group):
            start_ms, end_ms = bucket.start_s * 1000, (bucket.start_s + STEP_S) * 1000
            assert_bucket(bucket.figures, kept, start_ms, end_ms)
            if group == "all" and not bucket.partial:
                expected = busy_ms(kept, start_ms, end_ms) / (3 * SLOTS * STEP_S * 1000)
                assert bucket.figures.utilisation == pytest.approx(expected, rel=0.005, abs=1e-5)
            completed += bucket.figures.counts["completed"]
        assert completed == (kept["status"] == "completed").sum()


@pytest.mark.parametrize(
    ("path", "first", "limit"),
    [window for window in WINDOWS if window[0].exists()],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_figures_equal_the_records_when_a_trace_is_replayed(
    history: History, service: RedisService, path: Path, first: int, limit: int | None
) -> None:
    rows, _ = read_trace(path, first=first, limit=limit)
    assert_figures_equal_the_records(history, service, rows)


if ARCHIVE.exists():  # beside the repository, where the full traces are kept

    @pytest.mark.slow
    @pytest.mark.timeout(3_600)  # minutes of CPU, several times that on a busy machine
    @pytest.mark.parametrize("name", [CURIE, KTH])
    def test_figures_equal_the_records_when_a_full_trace_is_replayed(
        history: History, service: RedisService, name: str
    ) -> None:
        rows, _ = read_trace(ARCHIVE / name)
        assert_figures_equal_the_records(history, service, rows)
