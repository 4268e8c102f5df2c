"""Grants one by one: what repeats, losses, retries and late words do to a job and its worker."""

from __future__ import annotations

from typing import Any

import pytest

from hub import reports
from hub.messages import HeldJob, ReportedError
from tests.support.core import Core


def _told(core: Core, kind: str) -> list[dict[str, Any]]:
    return [event for event in core.events() if event["type"] == kind]


def test_unaccepted_job_is_sent_again_when_its_worker_registers(core: Core) -> None:
    core.register()
    core.submit(payload={"n": 1})
    given = core.take()
    again = core.register(connection="second").assignments
    assert [(item.job_id, item.fence) for item in again] == [(given.job_id, given.fence)]
    assert bytes(again[0].payload) == b'{"n":1}'


def test_nothing_is_told_of_a_worker_when_its_repeat_is_given_nothing(core: Core) -> None:
    core.register()
    core.submit()
    given = core.run()
    done = [reports.completed(given.job_id, given.fence, b"1")]
    assert core.broker.settle("w1", done, claim=1).verdicts == ["ack"]
    before = core.events()
    assert core.broker.settle("w1", done, claim=1).verdicts == ["ack"]
    assert core.events() == before


def test_old_result_is_acknowledged_when_later_attempts_had_outcomes_too(core: Core) -> None:
    core.register()
    core.submit(retry={"base_s": 0.0})
    first = core.run()
    broken = ReportedError(type="Broken")
    assert core.broker.fail("w1", first.job_id, first.fence, broken) == "ack"
    core.maintenance.run_once()
    second = core.run()
    assert core.broker.complete("w1", second.job_id, second.fence, b"2") == "ack"
    assert core.broker.fail("w1", first.job_id, first.fence, broken) == "ack"
    assert _told(core, "result_rejected") == []


def test_attempt_counts_executions_only_when_leases_are_lost(core: Core) -> None:
    job = core.submit()
    for losses in (1, 2, 3):
        core.register()
        given = core.run()
        assert given.attempt == 1
        core.registry.connection_lost("w1", "c-w1")
        core.pass_time(31)
        core.maintenance.run_once()
        assert core.broker.get(job.job_id).losses == losses
    after = core.broker.get(job.job_id)
    assert (after.status, after.worker_id) == ("failed", "w1")
    assert after.error is not None
    assert (after.error.type, after.error.reason) == ("Poison", "poison")


def test_losses_start_again_when_an_attempt_had_an_outcome(core: Core) -> None:
    core.register()
    job = core.submit(retry={"base_s": 0.0}, max_attempts=5)
    for _ in range(2):
        core.run()
        core.register(connection="back")  # it came back without the job
    given = core.run()
    core.broker.fail("w1", given.job_id, given.fence, ReportedError(type="Broken"))
    assert core.broker.get(job.job_id).losses == 0
    core.maintenance.run_once()
    assert core.take().attempt == 2


@pytest.mark.parametrize("retry", [{"kind": "fixed", "base_s": 10.0, "jitter": 0.5, "cap_s": 10.0}])
def test_backoffs_spread_below_the_cap_when_many_fail_at_once(
    core: Core, retry: dict[str, Any]
) -> None:
    core.register(slots=20)
    for _ in range(20):
        core.submit(retry=retry)
    told = []
    for given in core.broker.claim("w1", 20):
        told.append(reports.failed(given.job_id, given.fence, ReportedError(type="Broken")))
    core.broker.settle("w1", told)
    waits = [event["next_run_at"] - event["timestamp"] for event in _told(core, "job_failed")]
    assert all(5_000 <= wait <= 10_000 for wait in waits)
    assert waits.count(10_000) <= 1


def test_job_keeps_its_place_when_it_backs_off_and_is_retried(core: Core) -> None:
    core.register()
    first = core.submit(retry={"base_s": 1.0, "jitter": 0.0})
    given = core.run()
    second = core.submit()
    core.broker.fail("w1", given.job_id, given.fence, ReportedError(type="Broken"))
    core.pass_time(2)
    core.maintenance.run_once()
    core.broker.cancel(first.job_id, actor="ann")
    assert core.broker.retry(first.job_id, actor="ann").run == 2
    assert [core.take().job_id] == [first.job_id]
    assert core.broker.get(second.job_id).status == "pending"


def test_job_fails_at_once_when_its_error_is_not_retryable(core: Core) -> None:
    core.register()
    job = core.submit(max_attempts=9)
    given = core.run()
    error = ReportedError(type="Fatal", message='ü"\\/\n', retryable=False, traceback="a\nb")
    core.broker.fail("w1", given.job_id, given.fence, error)
    after = core.broker.get(job.job_id)
    assert (after.status, after.attempt) == ("failed", 1)
    assert after.error is not None
    assert (after.error.message, after.error.traceback) == ('ü"\\/\n', "a\nb")
    assert _told(core, "job_failed")[0]["will_retry"] is False


def test_old_traceback_is_gone_when_a_job_is_poisoned_later(core: Core) -> None:
    job = core.submit(retry={"base_s": 0.0}, max_attempts=5)
    core.register()
    given = core.run()
    core.broker.fail("w1", given.job_id, given.fence, ReportedError(type="X", traceback="old"))
    core.maintenance.run_once()
    for _ in range(3):
        core.run()
        core.register(connection="back")
    error = core.broker.get(job.job_id).error
    assert error is not None
    assert (error.type, error.traceback) == ("Poison", None)


def test_attempt_counts_as_begun_when_its_error_comes_without_a_start(core: Core) -> None:
    core.register()
    job = core.submit(max_attempts=1)
    given = core.take()
    core.broker.fail("w1", given.job_id, given.fence, ReportedError(type="Broken"))
    after = core.broker.get(job.job_id)
    assert after.started_at == after.assigned_at
    assert after.wait_ms is not None


def test_only_running_jobs_time_out_when_time_passes(core: Core) -> None:
    core.register(slots=2)
    waiting, running = core.submit(timeout_s=1), core.submit(timeout_s=1, max_attempts=1)
    prefetched, started = core.broker.claim("w1", 2)
    core.broker.start("w1", started.job_id, started.fence)
    held = [HeldJob(job_id=item.job_id, fence=item.fence) for item in (prefetched, started)]
    core.pass_time(2)
    core.registry.heartbeat("w1", "c-w1", held)
    assert core.maintenance.run_once().timed_out == 1
    assert core.broker.get(waiting.job_id).status == "assigned"
    assert core.broker.get(running.job_id).status == "failed"
    verdicts = core.registry.heartbeat("w1", "c-w1", held)
    assert [verdict.action for verdict in verdicts] == ["keep", "cancel"]


def test_records_survive_when_strings_and_numbers_are_hard(core: Core) -> None:
    core.register(capabilities={"empty": {}, "list": [], "gpu": 24.5}, host='h"ö/\\')
    late = 99_999_999_999_999
    job = core.submit(
        run_at=late,
        timeout_s=0.1,
        retry={"base_s": 0.3},
        customer_id="c/1",
        idempotency_key='k"ü\u2028/\\ \U0001f600',
        requirements={"must": {"gpu": 24.5}, "must_not": {"a.b": True}},
    )
    core.broker.update(job.job_id, actor='a"ü', priority=0)
    after = core.broker.get(job.job_id)
    assert (after.run_at, after.timeout_s, after.priority) == (late, 0.1, 0)
    assert after.idempotency_key == 'k"ü\u2028/\\ \U0001f600'
    assert after.requirements == {"must": {"gpu": 24.5}, "must_not": {"a.b": True}}
    worker = _told(core, "worker_connected")[0]["worker"]
    assert worker["capabilities"] == {"empty": {}, "list": [], "gpu": 24.5}
    assert worker["job_ids"] == []


def test_oldest_finished_job_goes_first_when_too_many_are_kept(core: Core) -> None:
    core.register(slots=9)
    ids = [core.submit().job_id for _ in range(4)]
    for number, given in enumerate(core.broker.claim("w1", 9)):
        core.pass_time(1)
        if number % 2:
            core.broker.cancel(given.job_id, actor="ann")
        else:
            core.broker.complete("w1", given.job_id, given.fence, b"1")
    args = {"keep_ms": 10**9, "keep": 2, "key_ms": 1, "limit": 200}
    assert core.service.run("expire_jobs", **args) == 2
    left = [core.service.redis.exists(core.service.keys.of("job", job_id)) for job_id in ids]
    assert left == [0, 0, 1, 1]
