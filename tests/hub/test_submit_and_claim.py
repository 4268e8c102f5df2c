"""A submission that finds a worker waiting: one script stores the job and gives out the most urgent one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.errors import IdempotencyConflict
from hub.job_broker import Assignment, Submission
from hub.messages import SubmitRequest
from tests.support.core import Core


@pytest.fixture
def waiting(core: Core) -> Core:
    """The core with a worker of three slots whose lanes are matched."""
    core.register(slots=3)
    given = _first(core)
    assert core.broker.complete("w1", given.job_id, given.fence, b"1") == "ack"
    return core


def _first(core: Core) -> Assignment:
    core.submit()
    return core.take()


def _hand_in(
    core: Core, *, connection: str = "c-w1", **fields: Any
) -> tuple[Submission, list[Assignment]]:
    body = msgspec.json.encode({"job_type": "demo", **fields})
    return core.broker.submit_and_claim(
        msgspec.json.decode(body, type=SubmitRequest),
        submitted_by="tester",
        worker_id="w1",
        connection_id=connection,
    )


def test_submitted_job_is_given_when_nothing_else_waits(waiting: Core) -> None:
    made, (given,) = _hand_in(waiting, payload={"n": 1})
    assert (given.job_id, bytes(given.payload)) == (made.job.job_id, b'{"n":1}')
    assert (made.job.status, msgspec.json.decode(given.job)["status"]) == ("pending", "assigned")
    assert waiting.moves(given.job_id) == [(None, "pending"), ("pending", "assigned")]
    assert waiting.broker.complete("w1", given.job_id, given.fence, b"1") == "ack"
    stored = waiting.broker.get(given.job_id).payload
    assert bytes(stored or b"") == b'{"n":1}'


def test_more_urgent_job_is_given_when_it_waits_already(waiting: Core) -> None:
    urgent = waiting.submit(priority=90)
    made, (given,) = _hand_in(waiting)
    assert given.job_id == urgent.job_id
    assert waiting.take().job_id == made.job.job_id


def test_nothing_is_given_when_a_key_names_a_job_that_is_there(waiting: Core) -> None:
    first = waiting.submit(idempotency_key="k", delay_s=60)
    waiting.submit()
    made, given = _hand_in(waiting, idempotency_key="k", delay_s=60)
    assert (made.created, made.job.job_id, given) == (False, first.job_id, [])
    with pytest.raises(IdempotencyConflict):
        _hand_in(waiting, idempotency_key="k")


@pytest.mark.parametrize("reason", ["paused", "draining", "superseded", "full", "away"])
def test_job_is_stored_and_waits_when_the_worker_may_not_take_it(
    waiting: Core, reason: str
) -> None:
    match reason:
        case "paused":
            waiting.broker.pause("demo", actor="ann")
        case "draining":
            waiting.registry.set_draining("w1", True)
        case "full":
            for _ in range(3):
                _hand_in(waiting)
        case "away":
            waiting.registry.connection_lost("w1", "c-w1")
    connection = "older" if reason == "superseded" else "c-w1"
    made, given = _hand_in(waiting, connection=connection)
    assert (given, waiting.broker.get(made.job.job_id).status) == ([], "pending")


def test_job_waits_for_a_claim_when_its_lane_is_new(waiting: Core) -> None:
    made, given = _hand_in(waiting, requirements={"must_not": {"gpu": 1}})
    assert given == []
    assert waiting.take().job_id == made.job.job_id
