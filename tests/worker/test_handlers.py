"""What becomes of what a handler returns, raises and reports."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from hub.client import HubClient, JobFailed
from hub.errors import InvalidInput
from hub.worker import Job, NotRetryable, Worker
from tests.support.processes import Server
from tests.support.waiting import wait_until

Run = Callable[..., AbstractContextManager[Worker]]


@pytest.fixture
def working(hub: Server) -> Run:
    """Run a worker whose only handler is the given one, for the type `t`."""

    @contextmanager
    def run(handler: Any, **options: Any) -> Iterator[Worker]:
        worker = Worker(hub.url, **options)
        worker.job("t")(handler)
        worker.start(wait_s=30)
        try:
            yield worker
        finally:
            worker.stop(timeout_s=10)

    return run


@dataclass
class Box:
    width: int
    height: int


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (object(), "cannot be written as JSON"),
        ("x" * 256_001, "at most 256000"),
        ([1.0, float("nan")], "NaN or an infinity"),
        ({"deep": [float("inf")]}, "NaN or an infinity"),
        ("\ud800", "cannot be written as JSON"),
        (eval("[" * 40 + "]" * 40), "nested 40 deep"),
    ],
    ids=["object", "large", "nan", "infinity", "surrogate", "deep"],
)
def test_job_fails_once_and_says_why_when_its_result_is_unfit(
    client: HubClient, working: Run, value: Any, complaint: str
) -> None:
    with working(lambda job: value), pytest.raises(JobFailed) as failure:
        client.submit("t").result(timeout_s=30)
    assert failure.value.error.type == "UnfitResult"
    assert complaint in failure.value.error.message


def test_result_has_plain_values_when_the_handler_returns_a_dataclass(
    client: HubClient, working: Run
) -> None:
    with working(lambda job: job.payload_as(Box)):
        assert client.submit("t", {"width": 3, "height": 4}).result(timeout_s=30) == {
            "width": 3,
            "height": 4,
        }


def test_job_fails_at_once_when_its_payload_does_not_fit(client: HubClient, working: Run) -> None:
    with working(lambda job: job.payload_as(Box)), pytest.raises(JobFailed, match="width"):
        client.submit("t", {"width": "three"}).result(timeout_s=30)


def test_error_carries_the_traceback_of_the_handler_when_it_raises(
    client: HubClient, working: Run
) -> None:
    def fail(job: Job) -> None:
        raise ValueError("no such colour\ud800")

    with working(fail):
        job = client.submit("t", max_attempts=1)
        with pytest.raises(JobFailed, match="no such colour"):
            job.result(timeout_s=30)
        error = job.refresh().error
    assert error is not None
    assert error.type == "ValueError"
    assert error.traceback is not None
    assert "in fail" in error.traceback
    assert "hub/worker" not in error.traceback


def test_job_is_tried_again_when_the_error_may_pass(client: HubClient, working: Run) -> None:
    def fail_once(job: Job) -> int:
        if job.attempt == 1:
            raise ConnectionError("try again")
        return job.attempt

    with working(fail_once):
        job = client.submit("t", retry={"kind": "fixed", "base_s": 0.1})
        assert job.result(timeout_s=30) == 2


def test_job_is_not_tried_again_when_the_error_is_not_retryable(
    client: HubClient, working: Run
) -> None:
    class NoSuchFile(NotRetryable):
        pass

    def fail(job: Job) -> None:
        raise NoSuchFile("gone")

    with working(fail):
        job = client.submit("t", max_attempts=5)
        with pytest.raises(JobFailed, match="NoSuchFile"):
            job.result(timeout_s=30)
        assert job.refresh().attempt == 1


def test_worker_goes_on_when_a_handler_calls_exit(client: HubClient, working: Run) -> None:
    def leave(job: Job) -> str:
        if job.payload.get("exit"):
            raise SystemExit(3)
        return "here"

    with working(leave):
        with pytest.raises(JobFailed, match="SystemExit"):
            client.submit("t", {"exit": True}, max_attempts=1).result(timeout_s=30)
        assert client.submit("t").result(timeout_s=30) == "here"


def test_coroutines_overlap_when_handlers_are_async(client: HubClient, working: Run) -> None:
    together = asyncio.Event()
    inside = 0

    async def meet(job: Job) -> str:
        nonlocal inside
        inside += 1
        if inside == 3:
            together.set()
        await together.wait()
        return threading.current_thread().name

    with working(meet, slots=3):
        jobs = client.submit_batch({"job_type": "t"} for _ in range(3))
        assert {job.result(timeout_s=30) for job in jobs} == {"job-loop"}


def test_coroutine_is_cancelled_where_it_awaits_when_its_job_is_cancelled(
    client: HubClient, working: Run
) -> None:
    seen: list[str] = []

    async def wait_for_ever(job: Job) -> None:
        seen.append("began")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append(job.cancel_reason or "")
            raise

    with working(wait_for_ever):
        job = client.submit("t")
        wait_until(lambda: seen == ["began"])
        job.cancel()
        wait_until(lambda: seen == ["began", "cancelled"])
        wait_until(lambda: client.workers()[0].job_ids == [], what="slot free")


def test_log_and_last_progress_are_there_when_a_job_has_ended(
    client: HubClient, working: Run
) -> None:
    def talk(job: Job) -> None:
        for step in range(500):
            job.progress(step + 1, of=500)
            job.log(f"line {step}", "and\nanother")

    with working(talk):
        job = client.submit("t")
        job.result(timeout_s=30)
        progress = job.refresh().progress
        lines = client.log(job.job_id)
    assert progress is not None
    assert (progress.percent, progress.current_step, progress.of_steps) == (100.0, 500, 500)
    assert len(lines) == 1_000
    assert lines[-3:] == ["line 499", "and", "another"]


def test_progress_is_seen_while_the_job_runs(client: HubClient, working: Run) -> None:
    go_on = threading.Event()

    def step(job: Job) -> None:
        job.progress(40, message="thinking", eta_s=2)
        go_on.wait(30)

    with working(step):
        job = client.submit("t")
        try:
            progress = wait_until(lambda: job.refresh().progress)
        finally:
            go_on.set()
        assert (progress.percent, progress.message, progress.eta_ms) == (40.0, "thinking", 2000)
        assert progress.current_step is None


def test_remaining_time_shrinks_when_a_job_runs(client: HubClient, working: Run) -> None:
    with working(lambda job: [job.timeout_s, job.remaining_s]):
        timeout_s, remaining_s = client.submit("t", timeout_s=60).result(timeout_s=30)
    assert timeout_s == 60
    assert 0 < remaining_s <= 60


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("slots", {"slots": 0}),
        ("prefetch", {"prefetch": -1}),
        ("worker_id", {"worker_id": "a b"}),
        ("url", {"url": "ftp://hub"}),
    ],
)
def test_worker_is_refused_when_an_argument_is_wrong(field: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Worker(**options)
    assert refusal.value.field == field


def test_worker_does_not_start_when_a_process_could_not_find_its_handler() -> None:
    worker = Worker(pool="process")
    worker.job("t")(lambda job: None)
    with pytest.raises(InvalidInput, match="top level"):
        worker.start()
