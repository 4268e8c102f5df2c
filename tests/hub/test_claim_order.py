"""The order of claims is exact, whatever lanes, priorities, times and workflows the jobs have."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.maintenance import Maintenance
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.core import Core

_numbers = itertools.count()
_jobs = st.lists(
    st.fixed_dictionaries(
        {
            "priority": st.sampled_from([0, 0, 1, 50, 99, 100]),
            "job_type": st.sampled_from(["demo", "other"]),
        },
        optional={
            "requirements": st.sampled_from(
                [{"must": {"gpu": 8}}, {"must": {"gpu": 80}}, {"must_not": {"slow": True}}]
            ),
            "run_at": st.integers(0, 3),
            "workflow_id": st.sampled_from(["f1", "f2"]),
        },
    ),
    min_size=1,
    max_size=25,
)


def _place(job: Any) -> tuple[int, int, str]:
    """Where the contract puts a job: priority, effective time, then submission."""
    own = job.created_at if job.run_at is None else job.run_at
    time = job.workflow_submitted_at if job.workflow_id else own
    assert time is not None
    return (-job.priority, time, job.order_key[15:])


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(submissions=_jobs, claims=st.lists(st.integers(1, 6), min_size=1, max_size=30))
def test_jobs_are_claimed_in_exact_order_when_many_lanes_wait(
    redis_url: str, submissions: list[dict[str, Any]], claims: list[int]
) -> None:
    keys = Keys(f"order{next(_numbers)}")
    configured = load_settings({}, {"redis_url": redis_url})
    service = RedisService(redis_url, keys)
    parts = (JobBroker, WorkerRegistry, Maintenance)
    core = Core(service, *(part(service, configured) for part in parts), lambda seconds: None)
    try:
        core.register(job_types=("demo", "other"), capabilities={"gpu": 24}, slots=100)
        jobs = [core.submit(**fields) for fields in submissions]
        fitting = [job for job in jobs if (job.requirements or {}).get("must") != {"gpu": 80}]
        given_ids: list[str] = []
        for limit in claims:
            given_ids += [item.job_id for item in core.broker.claim("w1", limit)]
        expected = [job.job_id for job in sorted(fitting, key=_place)]
        assert given_ids == expected[: len(given_ids)]
        assert len(given_ids) == min(len(expected), sum(claims))
    finally:
        service.redis.delete(*service.redis.keys(f"{{{keys.namespace}}}:*"))
        service.close()
