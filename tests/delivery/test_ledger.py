"""The history checker of `jobhub chaos` sees what is missing, and excuses what Redis was robbed of."""

from __future__ import annotations

import time

from hub.chaos.ledger import Ledger
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
    ledger.settled(job.job_id, given.fence, time.monotonic())
    return given


def test_nothing_differs_when_all_that_was_acknowledged_is_there(core: Core) -> None:
    ledger = Ledger()
    core.register()
    acknowledged(core, ledger)
    assert ledger.differences(core.service) == []
    assert ledger.counted["acknowledged submits checked"] == 1


def test_lost_job_is_told_unless_redis_was_robbed_of_it(core: Core) -> None:
    ledger = Ledger()
    core.register()
    given = acknowledged(core, ledger)
    core.service.redis.delete(core.service.keys.of("job", given.job_id))
    found = ledger.differences(core.service)
    assert f"{given.job_id}: its submit was acknowledged, and it is gone" in found
    assert "counts say 1 completed, the histories 0" in found
    ledger.robbed_of_last_second(time.monotonic())
    assert not [line for line in ledger.differences(core.service) if given.job_id in line]


def test_result_of_another_fence_and_a_job_that_is_not_over_are_told(core: Core) -> None:
    ledger = Ledger()
    core.register()
    given = acknowledged(core, ledger)
    core.service.redis.hset(core.service.keys.of("job", given.job_id), "result", "2")
    open_job = core.submit()
    ledger.submitted(open_job.job_id, time.monotonic())
    found = ledger.differences(core.service)
    assert f"{given.job_id}: holds b'2', which was not sent under its fence {given.fence}" in found
    assert f"{open_job.job_id}: pending at the end" in found
