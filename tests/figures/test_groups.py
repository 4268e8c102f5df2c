"""Job types and workers are kept apart, 500 of each; the long idle make room, the rest is told as one."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from hub import limits
from hub.job_broker import JobBroker
from hub.maintenance import Maintenance
from hub.messages import SubmitRequest
from hub.metrics import MetricsReader
from hub.redis_service import RedisService

DAY_S = 86_400


@pytest.mark.parametrize(
    ("include", "name", "limit"),
    [
        ("groups", "GROUPS_MAX", limits.FIGURE_GROUPS),
        ("totals", "TYPES_MAX", limits.SCRAPED_JOB_TYPES),
    ],
)
def test_limit_of_the_scripts_is_the_documented_one(include: str, name: str, limit: int) -> None:
    source = (files("hub") / "lua" / "include" / f"{include}.lua").read_text()
    (found,) = re.findall(rf"^local {name} = (\d+)\b", source, re.M)
    assert int(found) == limit


@pytest.fixture
def seen(service: RedisService, broker: JobBroker, maintenance: Maintenance, pass_time):
    """Submit and cancel a job of each type named, and close its second."""

    def see(*job_types: str) -> None:
        for job_type in job_types:
            made = broker.submit(SubmitRequest(job_type=job_type), submitted_by="test")
            broker.cancel(made.job.job_id, actor="test")
        pass_time(2)
        while maintenance.run_once().seconds:
            pass

    return see


def groups(service: RedisService) -> set[str]:
    return set(MetricsReader(service).groups("job_type", 0))


def full(service: RedisService, seen_at: int) -> None:
    names = {f"t{number}": seen_at for number in range(limits.FIGURE_GROUPS)}
    service.redis.zadd(service.keys.of("groups", "type"), names)


def test_types_over_the_limit_are_told_as_one_and_workers_have_their_own(
    service: RedisService, seen
) -> None:
    seen("first")
    full(service, MetricsReader(service).closed_until())
    seen("late", "later", "first")
    assert {"type:first", "type:(other)"} <= groups(service)
    assert "type:late" not in groups(service)
    metrics = MetricsReader(service)
    until = metrics.closed_until()
    other = metrics.total(until - 600, until, "type:(other)")
    assert other.counts["submitted"] == 2


def test_type_idle_for_a_day_makes_room_and_its_rows_go(
    service: RedisService, maintenance: Maintenance, seen, pass_time
) -> None:
    seen("old")
    pass_time(DAY_S + 100)
    maintenance.run_once()
    sealed = service.keys.of("sealed", "[689]*:type:old")  # seconds expire by themselves
    assert list(service.redis.scan_iter(sealed, 1_000))  # how many depends on the hour
    full(service, MetricsReader(service).closed_until() + DAY_S)
    seen("new")
    assert "type:new" in groups(service)
    assert "type:old" not in groups(service)
    assert not list(service.redis.scan_iter(sealed, 1_000))
    metrics = MetricsReader(service)
    until = metrics.closed_until()
    assert metrics.total(until - 2 * DAY_S, until).counts["submitted"] == 2
