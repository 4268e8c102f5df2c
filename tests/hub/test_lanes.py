"""Lanes and profiles: exact order across them, and nothing kept for offers and lanes that are gone."""

from __future__ import annotations

from typing import Any

from hub.lane_fitter import LaneFitter
from hub.match_report import MatchReader
from tests.support.core import Core


def _queue_events(core: Core) -> list[dict[str, Any]]:
    return [event for event in core.events() if event["type"] == "queue_changed"]


def _keys(core: Core, pattern: str) -> list[str]:
    root = core.service.keys.key("meta").removesuffix("meta")
    return sorted(key.decode() for key in core.service.redis.scan_iter(f"{root}{pattern}"))


def test_most_urgent_head_is_claimed_when_a_lane_was_just_made(core: Core) -> None:
    core.register(capabilities={"gpu": 24}, slots=9)
    plain = core.submit(priority=10)
    assert core.take().job_id == plain.job_id
    core.submit(priority=20)
    urgent = core.submit(priority=90, requirements={"must": {"gpu": 8}})
    core.submit(priority=95, requirements={"must": {"gpu": 80}})
    assert core.take().job_id == urgent.job_id


def test_job_of_priority_zero_is_claimed_last_when_others_wait(core: Core) -> None:
    core.register(slots=3)
    ids = [core.submit(priority=priority).job_id for priority in (0, 1, 0)]
    assert [core.take().job_id for _ in range(3)] == [ids[1], ids[0], ids[2]]


def test_nothing_is_claimed_when_another_connection_has_the_name(core: Core) -> None:
    core.register(connection="old")
    core.register(connection="new")
    core.submit()
    assert core.broker.claim("w1", 1, connection_id="old") == []
    assert len(core.broker.claim("w1", 1, connection_id="new")) == 1


def test_known_lanes_are_claimed_when_new_ones_cannot_be_matched_in_time(core: Core) -> None:
    core.register(slots=9)
    core.submit()
    core.broker.claim("w1", 0)  # the profile is matched once
    core.submit(requirements={"must_not": {"y": 1}})
    grant = {"worker_id": "w1", "connection_id": "", "limit": 1, "lease_ms": 9, "accept_ms": 9}
    assert core.service.run("claim_jobs", **grant, hurried="") == b"refresh"
    assert len(core.service.run("claim_jobs", **grant, hurried="1")) == 1


def test_one_event_tells_a_queue_when_many_of_its_lanes_are_unworkable(core: Core) -> None:
    for size in range(30):
        core.submit(requirements={"must": {"gpu": size + 1}})
    assert core.maintenance.run_once().lanes == 30
    (event,) = _queue_events(core)
    assert (event["job_type"], event["action"]) == ("demo", "unworkable")
    assert (len(event["unworkable"]), event["unworkable_lanes"]) == (20, 30)
    core.register(capabilities={"gpu": 15})
    assert LaneFitter(core.service).mark_unworkable() == 15 + 15  # the reason of the others changed
    assert len(_queue_events(core)) == 2


def test_nothing_is_kept_for_a_profile_when_its_last_worker_is_gone(core: Core) -> None:
    core.register(capabilities={"host": "a"})
    core.submit()
    core.take()
    core.submit()
    core.registry.goodbye("w1", "c-w1")
    core.maintenance.run_once()
    assert _keys(core, "heads:*") + _keys(core, "profile*") + _keys(core, "lane_profiles:*") == []
    core.register(capabilities={"host": "a"})
    assert core.take("w1")


def test_silent_worker_comes_back_with_its_offer_when_the_profile_was_cleared(core: Core) -> None:
    core.register(capabilities={"gpu": 1})
    core.pass_time(31)
    core.maintenance.run_once()
    job = core.submit(requirements={"must": {"gpu": 1}})
    assert core.registry.heartbeat("w1", "c-w1", []) == []
    assert core.take().job_id == job.job_id
    assert MatchReader(core.service).match(job.job_id).workers[0].fits


def test_offline_workers_are_forgotten_with_an_event_when_they_are_old(core: Core) -> None:
    core.register()
    core.submit()
    core.run()
    core.registry.connection_lost("w1", "c-w1")
    core.pass_time(8 * 86_400)
    core.maintenance.run_once()
    core.maintenance._slow_at = 0.0
    core.maintenance.run_once()
    assert _keys(core, "worker:*") + _keys(core, "held:*") + _keys(core, "offline") == []
    last = [event for event in core.events() if event.get("worker_id") == "w1"][-1]
    assert (last["old_status"], last["new_status"], last["reason"]) == ("offline", None, "expired")
