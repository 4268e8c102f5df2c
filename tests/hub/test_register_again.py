"""A worker that registers again is given what it never heard of."""

from __future__ import annotations

import json

from hub.job_broker import JobBroker
from hub.messages import Register, SubmitRequest
from hub.worker_registry import WorkerRegistry


def test_assignment_comes_again_whole_when_its_worker_registers_before_accepting(
    broker: JobBroker, registry: WorkerRegistry
) -> None:
    register = Register(worker_id="w1", job_types=["demo"])
    registry.register(register, "first")
    broker.submit(SubmitRequest(job_type="demo"), submitted_by="test")
    (given,) = broker.claim("w1", 1)
    (again,) = registry.register(register, "second").assignments
    assert again.fence == given.fence
    assert json.loads(bytes(again.job)) == json.loads(bytes(given.job))
