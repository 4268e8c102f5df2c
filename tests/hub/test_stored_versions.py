"""Jobs that an older hub stored are read, and written anew with their next move."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import redis

from hub.messages import ReportedError
from hub.redis_service import RedisService
from tests.support.core import Core
from tests.support.state import read_state


def write_version_1(service: RedisService, job_id: str, lane: str, **beside: str) -> None:
    """Write a job's state as version 1 did: a map of the record, the rest beside it in the hash."""
    key = service.keys.of("job", job_id)
    rec: dict[str, Any] = msgspec.json.decode(service.redis.hget(key, "rec"))
    state = {
        "job_id": job_id,
        "job_type": rec["job_type"],
        "status": rec["status"],
        "run": rec["run"],
        "rev": rec["rev"],
        "priority": rec["priority"],
        "attempt": rec["attempt"],
        "losses": rec["losses"],
        "created_at": rec["created_at"],
        "timeout_s": rec["timeout_s"],
        "max_attempts": rec["max_attempts"],
        "retry": rec["retry"],
        "order_key": rec["order_key"],
        "pending_at": rec["pending_at"],
    }
    for name in ("assigned_at", "started_at", "finished_at", "wait_ms", "run_ms", "worker_id"):
        if name in rec:
            state[name] = rec[name]
    if "fence" in rec:
        state["fence"] = str(rec["fence"])
    if "progress" in rec:
        state["progress"] = msgspec.json.encode(rec["progress"]).decode()
    if "error" in rec:
        state["error"] = rec["error"]
    fields = {"state": msgspec.msgpack.encode(state), "lane": lane, **beside}
    service.redis.hset(key, mapping=fields)


def lane_of(service: RedisService) -> str:
    """The one lane that there is."""
    (lane,) = service.redis.hkeys(service.keys.key("lanes"))
    return str(lane.decode())


def test_job_of_version_1_is_run_to_its_end(core: Core) -> None:
    core.register(slots=3)
    done, running, waiting = core.submit(), core.submit(), core.submit()
    lane = lane_of(core.service)
    ended = core.run()
    core.broker.fail("w1", done.job_id, ended.fence, ReportedError(type="X", retryable=False))
    given = core.run()
    write_version_1(
        core.service, done.job_id, lane, ended="1", settled=f"{ended.fence} ", revoked=""
    )
    write_version_1(core.service, running.job_id, lane, ended="0")
    write_version_1(core.service, waiting.job_id, lane)

    assert core.broker.complete("w1", running.job_id, given.fence, b"1") == "ack"
    assert core.broker.complete("w1", running.job_id, given.fence, b"1") == "ack"
    stale = core.broker.complete("w1", done.job_id, int(given.fence) + 1_000, b"1")
    assert stale == "stale"
    told_again = core.broker.fail("w1", done.job_id, ended.fence, ReportedError(type="X"))
    assert told_again == "ack"  # the fences that it remembers are read too
    core.broker.retry(done.job_id, actor="ann")
    for job_id in (done.job_id, waiting.job_id):
        again = core.run()
        assert again.job_id == job_id
        core.broker.complete("w1", job_id, again.fence, b"2")
    for job in (done, running, waiting):
        now = core.broker.get(job.job_id)
        assert (now.status, now.attempt) == ("completed", 1)
        state = core.service.redis.hget(core.service.keys.of("job", job.job_id), "state")
        assert state[0] == 2  # written anew: a version, not a map


def test_job_of_a_later_version_is_refused_and_stays_as_it_is(core: Core) -> None:
    job = core.submit()
    key = core.service.keys.of("job", job.job_id)
    core.service.redis.hset(key, "state", b"\x63" + b"\x01" * 24)
    before = read_state(core.service)
    with pytest.raises(redis.ResponseError, match="written by a later version of the hub"):
        core.broker.cancel(job.job_id, actor="ann")
    assert read_state(core.service) == before
