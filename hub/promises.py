"""Promises to customers: how long a job of a type may wait, and which share of them must be kept."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.answers import Promise
from hub.figures import Figures, error_budget_left
from hub.messages import Id, Inbound
from hub.redis_service import RedisService

TARGET_MAX_S = 604_800.0  # a figure is noted in the second of due_at: a week ahead at most


class PromiseRequest(Inbound, frozen=True, kw_only=True):
    """A target for a job type; without `target_s` the promise ends."""

    job_type: Id
    target_s: Annotated[float, Meta(gt=0, le=TARGET_MAX_S)] | None = None
    objective: Annotated[float, Meta(gt=0, lt=1)] = 0.95


class PromiseRow(msgspec.Struct, frozen=True):
    """How a promise was kept in a range, as promises.csv has it; shares are None when no job was due."""

    job_type: str
    target_ms: int
    objective: float
    slo_met: int
    slo_missed: int
    attainment: float | None
    error_budget_left: float | None


def promise_row(promise: Promise, figures: Figures) -> PromiseRow:
    """Describe a promise by the figures of its job type."""
    met, missed = figures.counts["slo_met"], figures.counts["slo_missed"]
    return PromiseRow(
        job_type=promise.job_type,
        target_ms=promise.target_ms,
        objective=promise.objective,
        slo_met=met,
        slo_missed=missed,
        attainment=figures.attainment,
        error_budget_left=error_budget_left(met, missed, promise.objective),
    )


class Promises:
    """The targets of a namespace; a new one holds for jobs that become pending from then on."""

    def __init__(self, service: RedisService) -> None:
        self._redis = service.redis
        self._key = service.keys.key("slo")

    def put(self, request: PromiseRequest) -> Promise | None:
        """Set or end the promise of a job type. Redis: HSET or HDEL."""
        if request.target_s is None:
            self._redis.hdel(self._key, request.job_type)
            return None
        target_ms = max(1, round(request.target_s * 1000))
        promise = Promise(
            job_type=request.job_type, target_ms=target_ms, objective=request.objective
        )
        self._redis.hset(self._key, request.job_type, msgspec.json.encode(promise))
        return promise

    def all(self) -> list[Promise]:
        """List the promises by job type."""
        found = self._redis.hgetall(self._key)
        return [msgspec.json.decode(raw, type=Promise) for _, raw in sorted(found.items())]
