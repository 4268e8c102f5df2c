"""What the Submit page asks of the dashboard's server: fits of workers, and batches checked as a whole."""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard.submit_routes import check_items, compare
from hub.matching import Lane
from hub.records import Worker


def worker(worker_id: str, **fields: Any) -> Worker:
    given: dict[str, Any] = {
        "status": "idle",
        "job_types": ["demo"],
        "slots": 1,
        "rev": 1,
        "connected_at": 1,
        "completed": 0,
        "failed": 0,
        "capabilities": {},
        "job_ids": [],
    }
    return Worker(worker_id=worker_id, **{**given, **fields})


def test_workers_that_fit_stand_first_when_compared() -> None:
    lane = Lane("demo", {"must": {"gpu": True}})
    gpu = {"capabilities": {"gpu": True}}
    answer = compare(
        lane,
        [
            worker("without"),
            worker("gone", status="offline", **gpu),
            worker("full", job_ids=["a"], **gpu),
            worker("draining", status="draining", **gpu),
            worker("free", **gpu),
        ],
    )
    assert [row.worker_id for row in answer.workers] == [
        "full",
        "draining",
        "free",
        "gone",
        "without",
    ]
    assert [row.waits_for for row in answer.workers[:4]] == [
        "the worker has no free slot",
        "the worker is draining",
        None,
        "the worker is offline",
    ]
    assert answer.workers[4].reasons == ["must.gpu: the worker does not have it"]
    assert (answer.fitting, answer.connected, answer.unworkable) == (3, 4, None)


def test_reason_is_said_when_only_a_worker_that_is_gone_fits() -> None:
    answer = compare(Lane("demo"), [worker("gone", status="offline")])
    assert (answer.fitting, answer.connected) == (0, 0)
    assert answer.unworkable == "no worker is connected"


def test_every_wrong_item_is_named_when_a_batch_is_checked() -> None:
    items = [
        b'{"job_type": "a"}',
        b'{"job_type": "a", "priority": 101}',
        b'{"job_type": "a", "payload": {"x": 1, "x": 2}}',
        b'{"job_type": "a", "run_at": 1, "delay_s": 1}',
        b'{"job_type": "a", "requirements": {"must": {"x": null}}}',
        b"7",
    ]
    errors = check_items([msgspec.Raw(item) for item in items])
    assert [(error.index, error.field) for error in errors] == [
        (1, "priority"),
        (2, None),
        (3, "delay_s"),
        (4, "requirements.must[...]"),
        (5, None),
    ]
