"""Recomputes figures from raw job records, with pandas and an independent percentile."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from hub.figures import Figures
from hub.redis_service import RedisService

_COLUMNS = ("job_type", "status", "worker_id", "created_at", "started_at", "finished_at")


def records(service: RedisService) -> pd.DataFrame:
    """Every job record as Redis holds it."""
    wanted = service.redis.pipeline(transaction=False)
    for key in service.redis.scan_iter(service.keys.of("job", "*"), 1000):
        wanted.hget(key, "rec")
    rows = [json.loads(record) for record in wanted.execute()]
    return pd.DataFrame(rows, columns=[*_COLUMNS, "wait_ms", "run_ms"])


def busy_ms(jobs: pd.DataFrame, start_ms: int, end_ms: int) -> float:
    """Slot time inside a bucket, from the start and end of every run."""
    starts = jobs["started_at"].clip(lower=start_ms)
    ends = jobs["finished_at"].clip(upper=end_ms)
    return float((ends - starts).clip(lower=0).sum())


def assert_bucket(figures: Figures, jobs: pd.DataFrame, start_ms: int, end_ms: int) -> None:
    """Counts exact, percentiles within 2 %, slot time within 0.5 %."""

    def inside(column: str) -> pd.DataFrame:
        return jobs[(jobs[column] >= start_ms) & (jobs[column] < end_ms)]

    finished = inside("finished_at")
    assert figures.counts["submitted"] == len(inside("created_at"))
    assert figures.counts["started"] == len(inside("started_at"))
    for status in ("completed", "failed", "cancelled"):
        assert figures.counts[status] == (finished["status"] == status).sum()
    ended = finished[finished["status"] != "cancelled"]
    for q in (0.5, 0.95, 0.99):
        _assert_close(figures.quantile("run", q), ended["run_ms"].dropna(), q)
        _assert_close(figures.quantile("wait", q), inside("started_at")["wait_ms"], q)
        turnaround = ended["finished_at"] - ended["created_at"]
        _assert_close(figures.quantile("turnaround", q), turnaround, q)
    expected = busy_ms(jobs, start_ms, end_ms)
    assert figures.counts["busy_ms"] == pytest.approx(expected, rel=0.005, abs=50)


def _assert_close(estimate: float | None, values: pd.Series, q: float) -> None:
    if values.empty:
        assert estimate is None
        return
    exact = float(sorted(values)[int(q * (len(values) - 1))])
    assert estimate is not None
    assert abs(estimate - exact) <= 0.0201 * exact
