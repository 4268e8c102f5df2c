"""Many jobs in one script: each is submitted, found again or refused for itself."""

from __future__ import annotations

import msgspec

from hub.errors import IdempotencyConflict, InvalidInput
from hub.job_broker import Submission
from hub.messages import SubmitRequest
from tests.support.core import Core


def _request(payload: bytes = b"1", **fields: object) -> SubmitRequest:
    return SubmitRequest(job_type="demo", payload=msgspec.Raw(payload), **fields)  # type: ignore[arg-type]


def test_one_job_is_made_when_a_key_stands_twice_in_a_batch(core: Core) -> None:
    first, second, other = core.broker.submit_batch(
        [_request(payload, idempotency_key="k") for payload in (b"1", b"1", b"2")],
        submitted_by="tester",
    )
    assert isinstance(first, Submission) and isinstance(second, Submission)
    assert (first.created, second.created) == (True, False)
    assert first.job == second.job
    assert isinstance(other, IdempotencyConflict)


def test_others_are_made_when_one_of_a_batch_is_refused(core: Core) -> None:
    asked = [
        _request(workflow_id="w", workflow_priority=70),
        _request(workflow_priority=70),
        _request(workflow_id="w", workflow_priority=10),
        _request(workflow_id="w"),
    ]
    made = core.broker.submit_batch(asked, submitted_by="tester")
    assert [isinstance(item, InvalidInput) for item in made] == [False, True, True, False]
    assert isinstance(made[3], Submission) and made[3].job.priority == 70


def test_jobs_keep_their_order_when_they_are_many_in_a_batch(core: Core) -> None:
    made = core.broker.submit_batch([_request() for _ in range(250)], submitted_by="tester")
    core.register(slots=250)
    ids = [item.job.job_id for item in made if isinstance(item, Submission)]
    assert [given.job_id for given in core.broker.claim("w1", 250)] == ids
    events = core.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
