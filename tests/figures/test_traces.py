"""Real workloads: the figures of a replayed trace equal its job records, bucket by bucket.

The project's own small trace in every run; the two of the parallel workloads archive where they lie
beside the repository. Time runs 100 times as fast, so that weeks of the archive take seconds here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.metrics import MetricsReader
from hub.redis_service import RedisService
from hub.replay.trace import Row, read_trace
from tests.support.history import History, PastJob
from tests.support.ledger import START
from tests.support.truth import assert_bucket, records

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT.parent / "shared" / "data"
SPEED = 100
TRACES = [
    (ROOT / "tests" / "data" / "small.swf", 0, None),
    (ARCHIVE / "CEA-Curie-2011-2.1-cln-b1.swf.gz", 21_100, 500),
    (ARCHIVE / "KTH-SP2-1996-2.1-cln.swf.gz", 0, 300),
]


def past_job(row: Row, first_s: float) -> PastJob:
    return PastJob(
        submit_at=START + int((row.submit_s - first_s) * 1000 / SPEED),
        run_ms=int(row.run_s * 1000 / SPEED),
        job_type=row.job_type,
        outcome=row.outcome,
    )


@pytest.mark.parametrize(
    ("path", "first", "limit"),
    [trace for trace in TRACES if trace[0].exists()],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_figures_equal_the_records_when_a_trace_is_replayed(
    history: History, service: RedisService, path: Path, first: int, limit: int | None
) -> None:
    rows, _ = read_trace(path, first=first, limit=limit)
    jobs = [past_job(row, rows[0].submit_s) for row in rows]
    types = sorted({job.job_type for job in jobs})
    for number in range(3):
        history.add_worker(f"w{number}", 30, types)
    history.play(jobs)
    history.settle()
    told = records(service)
    assert len(told) == len(rows)
    metrics = MetricsReader(service)
    for group, kept in {
        "all": told,
        **{f"type:{name}": told[told["job_type"] == name] for name in types},
    }.items():
        completed = 0
        for bucket in metrics.buckets(900, START // 1000, history.now // 1000 + 1, group):
            assert_bucket(
                bucket.figures, kept, bucket.start_s * 1000, (bucket.start_s + 900) * 1000
            )
            completed += bucket.figures.counts["completed"]
        assert completed == (kept["status"] == "completed").sum()
