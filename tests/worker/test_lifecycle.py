"""Workers in processes of their own: killed, frozen, cut off, told to end."""

from __future__ import annotations

import signal
from pathlib import Path

from hub.client import HubClient, JobHandle
from hub.worker import Worker
from tests.support.processes import Server, serving, succeeding
from tests.support.waiting import wait_until
from tests.worker.conftest import Holder, StartHolder


def moves(client: HubClient, job_id: str) -> list[str]:
    return [entry.new_status for entry in client.history(job_id)]


def begin(client: HubClient, holder: Holder, until: Path, *, stubborn: bool = False) -> JobHandle:
    """Submit a job that lasts until a file is there, and wait until it runs."""
    job = client.submit("hold", {"until": str(until), "stubborn": stubborn})
    holder.wait_for(f"began {job.job_id} 1")
    return job


def test_result_arrives_once_when_the_hub_is_killed_and_restarted(
    hub: Server, start_holder: StartHolder, tmp_path: Path
) -> None:
    until, url = tmp_path / "end", hub.url
    with HubClient(url) as client:
        holder = start_holder(url)
        job = begin(client, holder, until)
        wait_until(lambda: client.get(job.job_id).status == "in_progress")
        hub.kill()
        with succeeding(hub):
            until.touch()
            assert job.result(timeout_s=30)["attempt"] == 1
            assert moves(client, job.job_id) == ["pending", "assigned", "in_progress", "completed"]


def test_result_is_kept_when_the_job_ends_while_no_hub_is_there(
    hub: Server, start_holder: StartHolder, tmp_path: Path
) -> None:
    until, url = tmp_path / "end", hub.url
    with HubClient(url) as client:
        holder = start_holder(url)
        job = begin(client, holder, until)
        wait_until(lambda: client.get(job.job_id).status == "in_progress")
        hub.kill()
        until.touch()
        holder.wait_for(f"ends {job.job_id}")
        with succeeding(hub):
            assert job.result(timeout_s=30)["attempt"] == 1
            assert moves(client, job.job_id) == ["pending", "assigned", "in_progress", "completed"]


def test_job_runs_again_when_its_worker_is_killed(
    short_lease_hub: Server, start_holder: StartHolder, tmp_path: Path
) -> None:
    until = tmp_path / "end"
    with HubClient(short_lease_hub.url) as client:
        first = start_holder(short_lease_hub.url, WORKER_ID="first")
        job = begin(client, first, until)
        first.server.kill()
        second = start_holder(short_lease_hub.url, WORKER_ID="second")
        second.wait_for(f"began {job.job_id} 1")
        until.touch()
        assert job.result(timeout_s=30)["attempt"] == 1
        assert job.refresh().worker_id == "second"


def test_result_is_refused_when_a_worker_wakes_after_its_lease(
    short_lease_hub: Server, start_holder: StartHolder, tmp_path: Path
) -> None:
    until = tmp_path / "end"
    with HubClient(short_lease_hub.url) as client:
        frozen = start_holder(short_lease_hub.url, WORKER_ID="frozen")
        job = begin(client, frozen, until, stubborn=True)
        frozen.server.signal(signal.SIGSTOP)
        other = start_holder(short_lease_hub.url, WORKER_ID="other")
        other.wait_for(f"began {job.job_id} 1")
        until.touch()
        result = job.result(timeout_s=30)
        frozen.server.signal(signal.SIGCONT)
        frozen.wait_for(f"ends {job.job_id}")
        assert frozen.server.stop() == 0
        after = job.refresh()
        assert (after.worker_id, after.result) == ("other", result)
        assert result["pid"] == other.server.process.pid
        assert moves(client, job.job_id).count("completed") == 1


def test_running_job_is_finished_when_sigterm_comes(
    hub: Server, client: HubClient, start_holder: StartHolder, tmp_path: Path
) -> None:
    until = tmp_path / "end"
    holder = start_holder(hub.url, prefetch=1)
    running, waiting = (client.submit("hold", {"until": str(until)}) for _ in range(2))
    holder.wait_for(f"began {running.job_id} 1")
    wait_until(lambda: client.get(waiting.job_id).status == "assigned", what="prefetched")
    holder.server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: client.get(waiting.job_id).status == "pending", what="given back")
    assert client.workers()[0].status == "draining"
    until.touch()
    assert holder.server.process.wait(30) == 0
    assert running.result(timeout_s=10)["attempt"] == 1
    assert waiting.refresh().status == "pending"
    assert "over" in holder.server.lines


def test_running_job_is_given_back_when_a_second_signal_comes(
    hub: Server, client: HubClient, start_holder: StartHolder, tmp_path: Path
) -> None:
    holder = start_holder(hub.url)
    job = begin(client, holder, tmp_path / "never", stubborn=True)
    holder.server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: client.workers()[0].status == "draining", what="draining")
    holder.server.process.send_signal(signal.SIGTERM)
    assert holder.server.process.wait(30) == 0
    after = job.refresh()
    assert (after.status, after.losses) == ("pending", 0)


def test_handler_hears_it_when_its_job_is_cancelled(
    hub: Server, client: HubClient, start_holder: StartHolder, tmp_path: Path
) -> None:
    holder = start_holder(hub.url)
    job = begin(client, holder, tmp_path / "never")
    job.cancel()
    holder.wait_for(f"heard {job.job_id} cancelled")
    # The slot is free again: the next job begins.
    begin(client, holder, tmp_path / "never")
    assert moves(client, job.job_id)[-1] == "cancelled"


def test_handler_hears_it_when_its_time_is_up(
    hub: Server, client: HubClient, start_holder: StartHolder, tmp_path: Path
) -> None:
    holder = start_holder(hub.url)
    job = client.submit("hold", {"until": str(tmp_path / "never")}, timeout_s=0.5, max_attempts=1)
    holder.wait_for(f"heard {job.job_id} timeout")
    assert wait_until(lambda: job.refresh().error).reason == "timeout"  # type: ignore[union-attr]


def test_process_is_killed_when_its_handler_ignores_a_cancel(
    hub: Server, client: HubClient, start_holder: StartHolder, tmp_path: Path
) -> None:
    holder = start_holder(hub.url, pool="process")
    job = begin(client, holder, tmp_path / "never", stubborn=True)
    job.cancel()
    until = tmp_path / "end"
    until.touch()
    after = client.submit("hold", {"until": str(until)})
    assert after.result(timeout_s=60)["pid"] != holder.server.process.pid
    assert job.refresh().status == "cancelled"


def test_prefetched_job_stays_when_it_waits_longer_than_it_has_to_be_accepted(
    hub_env: dict[str, str], start_holder: StartHolder, tmp_path: Path
) -> None:
    with (
        serving("hub", environ={**hub_env, "JOBHUB_ACCEPT_S": "3"}) as hub,
        HubClient(hub.url) as client,
    ):
        holder = start_holder(hub.url, prefetch=1)
        until = tmp_path / "end"
        first = client.submit("hold", {"until": str(until)})
        holder.wait_for(f"began {first.job_id} 1")
        # When the worker has nothing to say about the first one any more.
        second = client.submit("hold", {"until": str(until)}, delay_s=2)
        wait_until(lambda: client.get(second.job_id).status == "assigned", what="prefetched")
        third = client.submit("hold", {"until": str(until)}, delay_s=4)
        wait_until(lambda: client.get(third.job_id).status == "pending", what="4 s later")
        until.touch()
        assert second.result(timeout_s=30)["attempt"] == 1
        assert moves(client, second.job_id).count("assigned") == 1


def test_processes_are_gone_when_a_second_signal_ends_their_worker(
    hub: Server, client: HubClient, start_holder: StartHolder, tmp_path: Path
) -> None:
    holder = start_holder(hub.url, pool="process")
    job = client.submit("hold", {"until": str(tmp_path / "never"), "stubborn": True})
    holder.wait_for(f"began {job.job_id} 1")
    holder.server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: client.workers()[0].status == "draining", what="draining")
    holder.server.process.send_signal(signal.SIGTERM)
    assert holder.server.process.wait(30) == 0
    assert job.refresh().status == "pending"


def test_job_stays_with_its_worker_when_it_takes_longer_than_the_lease(
    short_lease_hub: Server, start_holder: StartHolder, tmp_path: Path
) -> None:
    until = tmp_path / "end"
    with HubClient(short_lease_hub.url) as client:
        holder = start_holder(short_lease_hub.url)
        job = client.submit("hold", {"until": str(until)})
        holder.wait_for(f"began {job.job_id} 1")
        later = client.submit("other", delay_s=4)
        wait_until(lambda: client.get(later.job_id).status == "pending", what="two leases later")
        until.touch()
        assert job.result(timeout_s=30)["attempt"] == 1
        assert moves(client, job.job_id) == ["pending", "assigned", "in_progress", "completed"]


def test_every_job_is_done_once_when_the_hub_is_killed_amid_fast_results(hub: Server) -> None:
    url, total = hub.url, 2_000
    worker = Worker(url, slots=4, prefetch=100)
    worker.job("t")(lambda job: job.payload)
    with HubClient(url) as client:
        client.submit_batch({"job_type": "t", "payload": n} for n in range(total))
        worker.start(wait_s=30)
        try:
            wait_until(lambda: client.stats().counts["completed"] > 200)
            hub.kill()
            with succeeding(hub):
                wait_until(lambda: client.stats().counts["completed"] >= total, timeout_s=60)
                counts = client.stats().counts
                results = [client.get(job.job_id).result for job in client.jobs(limit=50)]
        finally:
            worker.stop(timeout_s=10)
    assert counts["completed"] == total
    assert counts["failed"] == 0
    assert len(set(results)) == 50
