"""The history checker of `jobhub chaos` sees what is missing, and excuses what Redis was robbed of."""

from __future__ import annotations

import time

import msgspec

from hub.chaos.ledger import SDK_TYPE, Ledger, fence_result
from hub.job_broker import Assignment
from tests.support.core import Core


def acknowledged(core: Core, ledger: Ledger) -> Assignment:
    """One job from submit to result, noted as the load does."""
    asked_at = time.monotonic()
    job = core.submit()
    ledger.submitted(job.job_id, asked_at)
    given = core.run()
    ledger.sent(job.job_id, given.fence, b"1")
    core.broker.complete("w1", given.job_id, given.fence, b"1")
    ledger.settled(job.job_id, given.fence, asked_at)
    return given


def differences(core: Core, ledger: Ledger) -> list[str]:
    """What differs, once the last second with moves is closed."""
    core.pass_time(2)
    core.maintenance.run_once()
    return ledger.differences(core.service)


def test_nothing_differs_when_all_that_was_acknowledged_is_there(core: Core) -> None:
    ledger = Ledger()
    core.register()
    acknowledged(core, ledger)
    assert differences(core, ledger) == []
    assert ledger.counted["acknowledged submits checked"] == 1


def test_lost_job_is_told_unless_redis_was_robbed_of_it(core: Core) -> None:
    ledger = Ledger()
    core.register()
    given = acknowledged(core, ledger)
    core.service.redis.delete(core.service.keys.of("job", given.job_id))
    found = differences(core, ledger)
    assert f"{given.job_id}: its submit was acknowledged, and it is gone" in found
    assert "counts say 1 completed, the histories 0" in found
    ledger.robbed_of_last_second(time.monotonic())
    assert not [line for line in differences(core, ledger) if given.job_id in line]


def test_result_of_another_fence_and_a_job_that_is_not_over_are_told(core: Core) -> None:
    ledger = Ledger()
    core.register()
    given = acknowledged(core, ledger)
    core.service.redis.hset(core.service.keys.of("job", given.job_id), "result", "2")
    open_job = core.submit()
    ledger.submitted(open_job.job_id, time.monotonic())
    found = differences(core, ledger)
    assert f"{given.job_id}: holds b'2', which was not sent under its fence {given.fence}" in found
    assert f"{open_job.job_id}: pending at the end" in found


def test_figure_that_is_not_of_the_records_is_told(core: Core) -> None:
    ledger = Ledger()
    core.register()
    given = acknowledged(core, ledger)
    assert differences(core, ledger) == []
    finished_at = core.broker.get(given.job_id).finished_at or 0
    keys = core.service.keys
    core.service.redis.rpush(
        keys.of("history", given.job_id),
        msgspec.json.encode(
            {
                "at": finished_at + 1,
                "old_status": "in_progress",
                "new_status": "scheduled",
                "run": 1,
                "worker_id": "w1",
                "fence": given.fence,
            }
        ),
    )
    found = differences(core, ledger)
    for group in ("all", "type:demo", "worker:w1"):
        second = (finished_at + 1) // 1000
        assert f"figures of {group} at {second} say 0 retried, the histories 1" in found


def test_result_of_a_worker_process_must_name_the_fence_of_its_record(core: Core) -> None:
    ledger = Ledger()
    core.register(job_types=(SDK_TYPE,))
    for said in (0, 1):
        job = core.submit(SDK_TYPE)
        ledger.submitted(job.job_id, time.monotonic())
        given = core.run()
        core.broker.complete("w1", given.job_id, given.fence, fence_result(int(given.fence) - said))
        assert len(differences(core, ledger)) == said


def test_outcome_is_told_when_it_was_recorded_as_another(core: Core) -> None:
    ledger = Ledger()
    core.register()
    asked_at = time.monotonic()
    job = core.submit()
    ledger.submitted(job.job_id, asked_at)
    given = core.run()
    ledger.sent(
        job.job_id, given.fence, None
    )  # an error is told, and the hub takes it for a result
    core.broker.complete("w1", given.job_id, given.fence, b"1")
    ledger.settled(job.job_id, given.fence, asked_at)
    wrong = f"{job.job_id}: the outcome under {given.fence} was recorded as completed"
    assert wrong in differences(core, ledger)


def test_gap_in_a_history_and_an_older_fence_are_told(core: Core) -> None:
    ledger = Ledger()
    core.register()
    given = acknowledged(core, ledger)
    redis, key = core.service.redis, core.service.keys.of("history", given.job_id)
    moves = [msgspec.json.decode(move) for move in redis.lrange(key, 0, -1)]
    assert [move["new_status"] for move in moves] == [
        "pending",
        "assigned",
        "in_progress",
        "completed",
    ]
    redis.lrem(key, 1, redis.lindex(key, 1))
    found = differences(core, ledger)
    assert f"{given.job_id}: its history goes on from assigned after pending" in found
    redis.delete(key)
    for move in (*moves[:2], {**moves[2], "new_status": "assigned"}, *moves[2:]):
        redis.rpush(key, msgspec.json.encode(move))
    found = differences(core, ledger)
    assert f"{given.job_id}: it was given out under {given.fence} after {given.fence}" in found
