"""`hub.testing.run_job`: a handler alone, under the rules of a hub."""

from __future__ import annotations

import asyncio

import pytest

from hub.client import JobFailed
from hub.errors import InvalidInput
from hub.testing import run_job
from hub.worker import Job, NotRetryable, Worker

worker = Worker()


@worker.job("count")
def count(job: Job) -> dict[str, object]:
    for step in range(job.payload["steps"]):
        job.raise_if_cancelled()
        job.progress(step + 1, of=job.payload["steps"])
        job.log(f"step {step}")
    return {"steps": job.payload["steps"], "attempt": job.attempt, "for": job.record.customer_id}


@worker.job("greet")
async def greet(job: Job) -> str:
    return f"hello {job.payload['name']}"


@worker.job("break")
def break_(job: Job) -> object:
    if job.payload == "unfit":
        return object()
    raise NotRetryable("no")


def test_result_and_reports_are_seen_when_a_handler_is_run_alone() -> None:
    run = run_job(worker, "count", {"steps": 2}, attempt=3, customer_id="acme")
    assert run.status == "completed"
    assert run.result == {"steps": 2, "attempt": 3, "for": "acme"}
    assert [report["percent"] for report in run.progress] == [50.0, 100.0]
    assert run.log == ["step 0", "step 1"]


def test_handler_gives_up_when_it_is_cancelled_after_a_report() -> None:
    run = run_job(worker, "count", {"steps": 5}, cancel_after=2)
    assert run.status == "cancelled"
    assert len(run.progress) == 2
    with pytest.raises(JobFailed):
        _ = run.result


def test_coroutine_is_run_when_the_handler_is_async() -> None:
    assert run_job(worker, "greet", {"name": "you"}).result == "hello you"


def test_coroutine_is_run_when_the_test_is_a_coroutine_too() -> None:
    async def steps() -> object:
        return run_job(worker, "greet", {"name": "you"}).result

    assert asyncio.run(steps()) == "hello you"


def test_error_is_described_when_a_handler_raises() -> None:
    run = run_job(worker, "break")
    assert run.error is not None
    assert (run.status, run.error.type, run.error.retryable) == ("failed", "NotRetryable", False)


def test_run_fails_when_the_result_would_not_fit_a_hub() -> None:
    assert run_job(worker, "break", "unfit").error.type == "UnfitResult"  # type: ignore[union-attr]


def test_refusal_names_the_field_when_the_call_is_wrong() -> None:
    with pytest.raises(InvalidInput) as unknown:
        run_job(worker, "nothing")
    with pytest.raises(InvalidInput) as large:
        run_job(worker, "count", "x" * 70_000)
    assert (unknown.value.field, large.value.field) == ("job_type", "payload")
