"""What frames carry: in the compact form what changed, and above the budget lists instead of moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub import reports
from hub.job_broker import JobBroker
from hub.maintenance import Maintenance
from hub.messages import JobProgress, Register, SubmitRequest
from hub.worker_registry import WorkerRegistry
from tests.support.stand import Stand
from tests.support.waiting import wait_until

SUBMIT = SubmitRequest(job_type="demo")
FORMS = ("plain", "compact")


@pytest.fixture
def poor(open_stand: Callable[..., Stand]) -> Stand:
    """A stand whose monitors may be sent little beyond polling."""
    return open_stand(monitor_burst_bytes=65_536)


@pytest.fixture
def worker(registry: WorkerRegistry) -> str:
    registry.register(Register(worker_id="w1", job_types=["demo"], slots=100), "socket")
    return "w1"


def keep_running(broker: JobBroker, worker: str) -> None:
    """Give the worker jobs that stay: polling tells them twice a push, so debts are paid soon."""
    broker.submit_batch([SUBMIT] * 50, submitted_by="test")
    broker.claim(worker, 50)


def run_jobs(broker: JobBroker, worker: str, count: int) -> None:
    for _ in range(count // 50):
        broker.submit_batch([SUBMIT] * 50, submitted_by="test")
        given = broker.claim(worker, 50)
        told = [reports.completed(item.job_id, item.fence, b"1") for item in given]
        broker.settle(worker, told)


def test_move_carries_only_what_changed_when_the_monitor_asked_for_it(
    stand: Stand, broker: JobBroker, worker: str
) -> None:
    peer, model = stand.connect(form="compact")
    broker.submit_batch([SUBMIT], submitted_by="test")
    assert stand.differences(peer, model) == []
    (given,) = broker.claim(worker, 1)
    broker.start(worker, given.job_id, given.fence)
    broker.progress(worker, JobProgress(job_id=given.job_id, fence=given.fence, percent=5))
    broker.settle(worker, [reports.completed(given.job_id, given.fence, b"1")])

    told: dict[str, object] = {}

    def completed() -> bool:
        for message in peer.messages():
            model.fold(message)
            told.update({event["type"]: event for event in message.get("events", ())})
        return "job_completed" in told

    wait_until(completed, what="the end of the job")
    assert "job" not in told["job_completed"]  # type: ignore[operator]
    change = told["job_completed"]["change"]  # type: ignore[index]
    assert {"rev", "finished_at", "run_ms"} <= set(change)
    assert not {"job_type", "created_at", "retry", "status", "fence"} & set(change)
    assert stand.differences(peer, model) == []
    assert model.rows["completed"][0]["job_type"] == "demo"


def test_lists_come_whole_when_more_moves_than_the_budget_pays_for(
    poor: Stand, broker: JobBroker, worker: str
) -> None:
    keep_running(broker, worker)
    monitors = [poor.connect(form=form) for form in FORMS]
    run_jobs(broker, worker, 1_500)
    for peer, model in monitors:
        assert poor.differences(peer, model) == []
        assert 0 < len(model.rows["completed"]) < 100
        assert model.truncated["completed"]
        assert peer.bytes_sent < 400_000  # each move alone would be three megabytes
    for peer, model in monitors:
        poor.settle(peer, model)
        assert len(model.rows["completed"]) == 100


@pytest.mark.parametrize("form", FORMS)
def test_short_lists_are_filled_when_their_monitor_resumes_before_they_were(
    poor: Stand, broker: JobBroker, worker: str, form: str
) -> None:
    keep_running(broker, worker)
    peer, model = poor.connect(form=form)
    run_jobs(broker, worker, 1_500)
    assert poor.differences(peer, model) == []
    assert 0 < len(model.rows["completed"]) < 100
    poor.reconnect(0)
    poor.settle(*poor.monitors[0])
    assert model.heard["full_state_snapshot"] == 1
    assert len(model.rows["completed"]) == 100


def test_figures_and_counts_go_on_when_records_wait_for_the_budget(
    poor: Stand, broker: JobBroker, worker: str, maintenance: Maintenance
) -> None:
    keep_running(broker, worker)
    monitors = [poor.connect(form=form) for form in FORMS]
    run_jobs(broker, worker, 1_500)
    ahead: set[str] = set()

    def told_early() -> bool:
        run_jobs(broker, worker, 100)
        maintenance.run_once()
        for peer, model in monitors:
            for message in peer.messages():
                model.fold(message)
                last = (message.get("events") or [{"seq": 0}])[-1]
                if last["seq"] > message["seq"]:
                    ahead.add(peer.form)
                    assert last["type"] == "system_stats"
                    assert model.counts["completed"] == last["counts"]["completed"]
        return ahead == set(FORMS)

    wait_until(told_early, what="figures that run ahead of the records")
    for peer, model in monitors:
        assert poor.differences(peer, model) == []


def test_job_is_told_whole_when_others_push_it_out_of_its_window_in_the_same_frame(
    stand: Stand, broker: JobBroker, worker: str
) -> None:
    run_jobs(broker, worker, 100)
    peer, model = stand.connect(form="compact")
    stand.settle(peer, model)
    oldest = model.rows["completed"][-1]["job_id"]
    with stand.broadcaster._lock:  # nothing is sent: all of it waits for one frame
        run_jobs(broker, worker, 150)
        broker.retry(oldest, actor="test")
        head = stand.snapshots.read_position().seq
        wait_until(lambda: stand.replicator.seq >= head, what="the log in the hub")
    assert stand.differences(peer, model) == []
    assert model.rows["pending"][0]["job_id"] == oldest
