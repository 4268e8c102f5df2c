"""Reads figures of past minutes; the scripts wrote them, nothing is counted here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import msgspec

from hub.redis_service import RedisService

BUCKET_S: Final = 60
_LOG_G: Final = math.log(1.02 / 0.98)  # the bins of lua/include/metrics.lua
_CHUNK: Final = 500


class MetricsRow(msgspec.Struct, frozen=True):
    """One bucket of one group, in the order of metrics.csv. Percentiles are None without samples."""

    bucket_start: int
    bucket_s: int
    group: str
    submitted: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    wait_p50_ms: float | None
    wait_p95_ms: float | None
    wait_p99_ms: float | None
    run_p50_ms: float | None
    run_p95_ms: float | None
    run_p99_ms: float | None
    busy_slot_s: float
    offered_slot_s: float
    utilisation: float | None
    pending_max: int


class MetricsReader:
    """Walks buckets in order of time."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def minutes(self, from_ms: int, to_ms: int) -> Iterator[MetricsRow]:
        """Give each minute that starts in [from_ms, to_ms) and in which anything was there.

        Redis: one pipeline of reads per 500 minutes; memory does not grow with the range.
        """
        first = -(-from_ms // (BUCKET_S * 1000)) * BUCKET_S
        starts = range(first, -(-to_ms // 1000), BUCKET_S)
        for offset in range(0, len(starts), _CHUNK):
            chunk = starts[offset : offset + _CHUNK]
            with self._service.redis.pipeline(transaction=False) as pipe:
                for start in chunk:
                    pipe.hgetall(self._service.keys.of("minute", str(start)))
                replies = pipe.execute()
            for start, fields in zip(chunk, replies, strict=True):
                if fields:
                    yield _row(start, {name.decode(): int(value) for name, value in fields.items()})


def quantile(bins: dict[int, int], q: float) -> float | None:
    """The value at the lower nearest rank of `q`, within 2 %; None without samples.

    Source: DDSketch (VLDB 2019); the bins are those of lua/include/metrics.lua.
    """
    total = sum(bins.values())
    if total == 0:
        return None
    rank, seen = q * (total - 1), 0
    for index in sorted(bins):
        seen += bins[index]
        if seen > rank:
            return 0.0 if index == 0 else 2 * math.exp(index * _LOG_G) / (math.exp(_LOG_G) + 1)
    raise AssertionError("the ranks of a histogram end at its last bin")


def _row(start: int, fields: dict[str, int]) -> MetricsRow:
    def percentiles(axis: str) -> dict[str, float | None]:
        prefix = f"{axis}:"
        bins = {
            int(name.removeprefix(prefix)): count
            for name, count in fields.items()
            if name.startswith(prefix)
        }
        return {
            f"{axis}_p{percent}_ms": None
            if (value := quantile(bins, percent / 100)) is None
            else round(value, 1)
            for percent in (50, 95, 99)
        }

    busy, offered = fields.get("busy_ms", 0) / 1000, fields.get("offered_ms", 0) / 1000
    return MetricsRow(
        bucket_start=start * 1000,
        bucket_s=BUCKET_S,
        group="all",
        submitted=fields.get("submitted", 0),
        completed=fields.get("completed", 0),
        failed=fields.get("failed", 0),
        cancelled=fields.get("cancelled", 0),
        retried=fields.get("retried", 0),
        **percentiles("wait"),
        **percentiles("run"),
        busy_slot_s=busy,
        offered_slot_s=offered,
        utilisation=round(busy / offered, 4) if offered else None,
        pending_max=fields.get("pending_max", 0),
    )
