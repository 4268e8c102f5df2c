"""What a worker puts into its frames: at once when there is little to say, together when there is much."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from hub.worker import Job, Worker
from tests.support.waiting import wait_until
from tests.worker.recorder import Recorder


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A peer that notes frames."""
    with Recorder() as recorder:
        yield recorder


def start(recorder: Recorder, handler: object, **options: int) -> Worker:
    worker = Worker(recorder.url, **options)
    worker.job("t")(handler)  # type: ignore[type-var]
    worker.start(wait_s=30)
    return worker


def test_start_and_result_share_a_frame_when_a_job_is_short(recorder: Recorder) -> None:
    worker = start(recorder, lambda job: "done")
    try:
        for number in range(1, 6):
            recorder.assign(1)
            wait_until(lambda: len(recorder.of_type("job_completed")) == number)  # noqa: B023
    finally:
        worker.stop(timeout_s=10)
    assert [
        [item["type"] for item in items] for items in recorder.frames_with("job_completed")
    ] == [["job_started", "job_completed"]] * 5


def test_start_is_told_within_milliseconds_when_a_job_goes_on(recorder: Recorder) -> None:
    go_on = threading.Event()
    began_at: list[float] = []

    def hold(job: Job) -> None:
        began_at.append(time.monotonic())
        go_on.wait(30)

    worker = start(recorder, hold)
    try:
        recorder.assign(1)
        wait_until(lambda: recorder.of_type("job_started"))
        assert not recorder.of_type("job_completed")
        told_at = next(at for at, items in recorder.frames if items[0]["type"] == "job_started")
        assert told_at - began_at[0] < 1.0  # 1 to 2 ms on an idle machine
    finally:
        go_on.set()
        worker.stop(timeout_s=10)


def test_results_share_frames_when_they_come_fast(recorder: Recorder) -> None:
    worker = start(recorder, lambda job: None, slots=4, prefetch=400)
    try:
        recorder.assign(400)
        wait_until(lambda: len(recorder.of_type("job_completed")) == 400)
    finally:
        worker.stop(timeout_s=10)
    assert len(recorder.frames_with("job_completed")) < 100
    assert all(len(items) <= 200 for _, items in recorder.frames)
    fences = [item["fence"] for item in recorder.of_type("job_completed")]
    assert len(set(fences)) == 400


def test_frames_stay_below_the_limit_of_a_message_when_results_are_large(
    recorder: Recorder,
) -> None:
    worker = start(recorder, lambda job: "x" * 200_000, slots=1, prefetch=20)
    try:
        recorder.assign(20)
        wait_until(lambda: len(recorder.of_type("job_completed")) == 20)
    finally:
        worker.stop(timeout_s=10)
    sizes = [sum(len(str(item)) for item in items) for _, items in recorder.frames]
    assert max(sizes) < 1_000_000


def test_fast_result_does_not_wait_for_a_slow_job_behind_it(recorder: Recorder) -> None:
    go_on = threading.Event()
    count = 0

    def second_is_slow(job: Job) -> None:
        nonlocal count
        count += 1
        if count == 2:
            go_on.wait(30)

    worker = start(recorder, second_is_slow, slots=1, prefetch=1)
    try:
        recorder.assign(2)
        wait_until(lambda: len(recorder.of_type("job_completed")) == 1, timeout_s=10)
        assert not go_on.is_set()
    finally:
        go_on.set()
        worker.stop(timeout_s=10)


def test_grant_ends_when_the_hub_takes_neither_result_nor_failure(recorder: Recorder) -> None:
    recorder.refuse = ["job_completed", "job_failed"]
    worker = start(recorder, lambda job: "odd")
    try:
        recorder.assign(1)
        wait_until(lambda: recorder.of_type("job_released"))
    finally:
        worker.stop(timeout_s=10)
    error = recorder.of_type("job_failed")[0]["error"]
    assert (error["type"], error["retryable"]) == ("ResultRefused", False)
