"""What monitors are told of progress and of workers: what docs/protocol.md says, whatever the text."""

from __future__ import annotations

import json

from hub.event_log import COUNT_NAMES, log_event
from hub.messages import JobProgress, Register
from tests.support.core import Core


def test_progress_is_slim_when_its_message_looks_like_the_facts_behind_it(core: Core) -> None:
    core.register()
    core.submit(priority=70)
    held = core.run()
    message = 'a","job_type":"b'
    said = JobProgress(job_id=held.job_id, fence=held.fence, percent=5, message=message)
    assert core.broker.progress("w1", said) == "ack"
    raw = core.service.redis.xrevrange(core.service.keys.events, count=1)[0][1][b"e"]

    logged = log_event(raw, (0,) * len(COUNT_NAMES))

    told = json.loads(logged.raw)
    assert set(told) == {"seq", "type", "timestamp", "job_id", "rev", "percent", "message"}
    assert told["message"] == message
    facts = logged.event.after
    assert (facts.job_type, facts.worker_id, facts.priority) == ("demo", "w1", 70)


def test_worker_is_told_without_its_connection_when_it_is_named_like_one(core: Core) -> None:
    register = Register(worker_id="w1", job_types=["demo"], version='1","connection_id":"c1"')
    core.registry.register(register, "c1")
    raw = core.service.redis.xrevrange(core.service.keys.events, count=1)[0][1][b"e"]

    logged = log_event(raw, (0,) * len(COUNT_NAMES))

    told = json.loads(logged.raw)
    assert "connection_id" not in told
    assert told["worker"]["version"] == register.version
    assert logged.event.connection_id == "c1"
