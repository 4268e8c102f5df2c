"""Several reports of a worker in one script: each counts once, in order, and the freed slots are filled."""

from __future__ import annotations

import json

import httpx
import pytest

from hub import limits, reports
from hub.messages import ReportedError
from tests.support.core import Core
from tests.support.processes import Server
from tests.support.sockets import open_worker


def test_each_move_is_one_event_when_a_batch_starts_and_completes(core: Core) -> None:
    core.register(slots=1, prefetch=9)
    jobs = [core.submit() for _ in range(10)]
    given = core.broker.claim("w1", 10)
    told = [
        report
        for item in given
        for report in (
            reports.started(item.job_id, item.fence),
            reports.completed(item.job_id, item.fence, b"1"),
        )
    ]
    settlement = core.broker.settle("w1", told)
    assert settlement.verdicts == ["ack"] * 20
    for job in jobs:
        assert core.moves(job.job_id) == [
            (None, "pending"),
            ("pending", "assigned"),
            ("assigned", "in_progress"),
            ("in_progress", "completed"),
        ]
    events = core.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "worker_status_changed"
    assert (events[-1]["worker"]["completed"], events[-1]["new_status"]) == (10, "idle")


def test_result_counts_once_when_it_stands_twice_in_a_batch(core: Core) -> None:
    core.register()
    job = core.submit()
    given = core.take()
    result = reports.completed(given.job_id, given.fence, b"1")
    assert core.broker.settle("w1", [result, result]).verdicts == ["ack", "ack"]
    assert core.moves(job.job_id)[-1] == ("assigned", "completed")
    assert core.events()[-1]["worker"]["completed"] == 1


def test_other_reports_count_when_one_of_a_batch_is_stale(core: Core) -> None:
    core.register(slots=3)
    first, second, third = (core.submit() for _ in range(3))
    given = core.broker.claim("w1", 3)
    error = ReportedError(type="Broken", message="it broke", retryable=False)
    told = [
        reports.completed(given[0].job_id, given[0].fence, b"1"),
        reports.completed(given[1].job_id, given[1].fence + 100, b"2"),
        reports.failed(given[2].job_id, given[2].fence, error),
    ]
    assert core.broker.settle("w1", told).verdicts == ["ack", "stale", "ack"]
    states = [core.broker.get(job.job_id).status for job in (first, second, third)]
    assert states == ["completed", "assigned", "failed"]


def test_freed_slots_are_filled_when_a_batch_ends_jobs(core: Core) -> None:
    core.register(slots=2)
    for _ in range(5):
        core.submit()
    given = core.broker.claim("w1", 2)
    told = [reports.completed(item.job_id, item.fence, b"1") for item in given]
    settlement = core.broker.settle("w1", told, claim=2)
    assert len(settlement.assignments) == 2
    worker = core.events()[-1]["worker"]
    assert sorted(worker["job_ids"]) == sorted(item.job_id for item in settlement.assignments)


def test_slot_frees_once_when_a_release_stands_twice_in_a_batch(core: Core) -> None:
    core.register()
    core.submit()
    given = core.run()
    release = reports.released(given.job_id, given.fence)
    assert core.broker.settle("w1", [release, release]).verdicts == ["ack", "stale"]
    assert core.service.redis.hget(core.service.keys.of("worker", "w1"), "busy") == b"0"


def test_most_urgent_come_first_when_one_claim_takes_from_several_lanes(core: Core) -> None:
    core.register(job_types=("a", "b", "c"), slots=12)
    ranks = [(50, "a"), (70, "b"), (50, "b"), (60, "a"), (70, "a"), (50, "c"), (60, "c"), (50, "a")]
    jobs = [core.submit(job_type, priority=priority) for priority, job_type in ranks]
    expected = [job.job_id for job in sorted(jobs, key=lambda job: (-job.priority, job.order_key))]
    assert [item.job_id for item in core.broker.claim("w1", 12)] == expected


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"type": "job_completed", "job_id": "x", "fence": -1}, "invalid"),
        (
            {"type": "job_completed", "job_id": "x", "fence": 1, "result": "y" * 300_000},
            "too_large",
        ),
    ],
)
def test_answers_stand_in_order_when_one_message_of_a_batch_is_wrong(
    hub: Server, wrong: dict[str, object], code: str
) -> None:
    assert limits.RESULT_BYTES < 300_000
    with open_worker(hub.url) as worker:
        stale = {"type": "job_completed", "job_id": "nobody", "fence": 1, "result": 1}
        batch = [
            {**stale, "request_id": "first"},
            {**wrong, "request_id": "second"},
            {**stale, "request_id": "third"},
        ]
        worker.connection.send(json.dumps(batch))
        first, second, third = worker.receive()
        assert (first["type"], first["request_id"]) == ("stale", "first")
        assert (second["type"], second["code"], second["request_id"]) == ("error", code, "second")
        assert (third["type"], third["request_id"]) == ("stale", "third")


def test_each_message_has_its_answer_when_many_arrive_at_once(hub: Server) -> None:
    with open_worker(hub.url) as worker:
        for number in range(100):
            worker.send("job_completed", job_id="nobody", fence=number, request_id=str(number))
            worker.send("heartbeat", held=[], request_id=f"beat {number}")
        for number in range(100):
            answer, beat = worker.receive(), worker.receive()
            assert (answer["type"], answer["request_id"]) == ("stale", str(number))
            assert (beat["type"], beat["request_id"]) == ("heartbeat_ack", f"beat {number}")


def test_worker_gets_all_when_its_places_hold_more_than_its_connection(
    hub: Server, api: httpx.Client
) -> None:
    payload, count = "x" * 60_000, 120  # 7 MB: more than an outbox takes
    for _ in range(count // 10):
        jobs = [{"job_type": "demo", "payload": payload}] * 10
        assert api.post("/api/jobs/batch", json={"jobs": jobs}).status_code == 200
    with open_worker(hub.url, slots=1, prefetch=count) as worker:
        given: set[str] = set()
        while len(given) < count:
            given |= {item["job_id"] for item in worker.receive_type("assign")["jobs"]}
