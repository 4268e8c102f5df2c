"""Maintenance goes on with its other steps whatever one of them does."""

from __future__ import annotations

import logging

import httpx
import pytest
import redis

from hub.maintenance import STEPS
from hub.redis_service import RedisService
from tests.support.core import Core
from tests.support.waiting import wait_until


def break_leases(service: RedisService) -> None:
    """Make `reap_leases` fail each time: its key has another type."""
    service.redis.delete(service.keys.key("leases"))
    service.redis.set(service.keys.key("leases"), "x")


def test_later_steps_are_done_when_an_earlier_one_always_fails(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    job = core.submit(delay_s=5)
    break_leases(core.service)
    core.pass_time(10)
    with caplog.at_level(logging.WARNING, "hub.maintenance"):
        for _ in range(3):
            with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
                core.maintenance.run_once()
        assert core.broker.get(job.job_id).status == "pending"
        assert core.maintenance.failures == {"reap_leases": 3}
        core.service.redis.delete(core.service.keys.key("leases"))
        core.maintenance.run_once()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].startswith("maintenance: reap_leases fails, other steps go on: WRONGTYPE")
    assert told[1] == "maintenance: reap_leases works again"


def test_failures_are_told_by_step_when_a_hub_cannot_reap(
    api: httpx.Client, service: RedisService
) -> None:
    for step in STEPS:
        assert f'jobhub_maintenance_failures_total{{step="{step}"}} 0.0' in api.get("/metrics").text
    break_leases(service)
    wait_until(
        lambda: 'maintenance_failures_total{step="reap_leases"} 0.0' not in api.get("/metrics").text
    )
    job_id = api.post("/api/jobs", json={"job_type": "demo", "delay_s": 0.1}).json()["job_id"]
    wait_until(lambda: api.get(f"/api/jobs/{job_id}").json()["status"] == "pending")
