"""What operators ask of a client: one job changed, many at once, the fleet and its queues."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hub.client import AsyncHubClient, HubClient
from hub.errors import Conflict, InvalidInput, NotFound
from tests.support.processes import Server
from tests.support.sockets import open_worker


@pytest.fixture
def client(hub: Server) -> Iterator[HubClient]:
    """A client of the test's hub."""
    with HubClient(hub.url) as client:
        yield client


def test_waiting_job_is_changed_when_priority_or_time_is_given(client: HubClient) -> None:
    handle = client.submit("demo", priority=10, delay_s=3_600)
    assert handle.change(priority=90).priority == 90
    assert client.change(handle.job_id, run_at="now").status == "pending"
    with pytest.raises(InvalidInput):
        handle.change()
    handle.cancel()
    with pytest.raises(Conflict) as refusal:
        handle.change(priority=1)
    assert refusal.value.code == "job_not_waiting"


def test_place_in_line_is_told_when_other_jobs_are_more_urgent(client: HubClient) -> None:
    waiting = client.submit("demo", priority=1)
    client.submit_batch([{"job_type": "demo", "priority": 9}] * 3)
    place = waiting.position()
    assert (place.position, place.pending, place.status) == (4, 4, "pending")
    assert place.estimated_start_at is None  # nothing was started in the last minute


def test_every_worker_is_judged_when_a_job_asks_who_fits(hub: Server, client: HubClient) -> None:
    job = client.submit("other", requirements={"must": {"gpu": 2}})
    with (
        open_worker(hub.url, "small", ("other",), capabilities={"gpu": 1}),
        open_worker(hub.url, "big", ("demo", "other"), capabilities={"gpu": 4}, slots=1),
    ):
        report = client.match(job.job_id)
        assert {item.worker_id: item.fits for item in report.workers} == {
            "small": False,
            "big": True,
        }
        assert report.unworkable is None
        [small] = [item for item in report.workers if item.worker_id == "small"]
        assert "gpu" in small.reasons[0]


def test_bulk_tells_and_then_does_when_it_is_rehearsed_first(client: HubClient) -> None:
    mine = client.submit_batch([{"job_type": "demo", "customer_id": "acme"}] * 3)
    client.submit("demo", customer_id="other")
    wanted = {"customer_id": "acme", "status": "pending"}
    rehearsed = client.bulk("cancel", filter=wanted, dry_run=True)  # type: ignore[arg-type]
    assert (rehearsed.matched, rehearsed.changed, rehearsed.dry_run) == (3, 3, True)
    assert client.stats().counts["pending"] == 4
    done = client.bulk("cancel", filter=wanted)  # type: ignore[arg-type]
    assert (done.changed, client.stats().counts["pending"]) == (3, 1)
    again = client.bulk("retry", ids=[mine[0].job_id, "nosuch"])
    assert (again.changed, [item.code for item in again.errors]) == (1, ["not_found"])
    assert client.bulk("priority", ids=[mine[0].job_id], priority=77).changed == 1
    assert mine[0].refresh().priority == 77


def test_every_job_is_done_when_bulk_needs_several_requests(client: HubClient) -> None:
    handles = client.submit_batch([{"job_type": "demo"}] * 1_050)
    by_filter = client.bulk("cancel", filter={"status": ["pending"]})
    assert (by_filter.matched, by_filter.changed, by_filter.cursor) == (1_050, 1_050, None)
    by_ids = client.bulk("purge", ids=[handle.job_id for handle in handles])
    assert (by_ids.matched, by_ids.changed) == (1_050, 1_050)
    assert client.bulk("purge", ids=[]).matched == 0
    with pytest.raises(InvalidInput, match="either ids or filter"):
        client.bulk("purge")
    with pytest.raises(InvalidInput) as refusal:
        client.bulk("priority", ids=["x"])
    assert refusal.value.field == "priority"


def test_moves_and_lines_are_typed_when_a_job_was_done(hub: Server, client: HubClient) -> None:
    job = client.submit("demo")
    with open_worker(hub.url) as worker:
        given = worker.receive_type("assign")["jobs"][0]
        grant = {"job_id": given["job_id"], "fence": given["fence"]}
        worker.send("job_log", **grant, lines=["hello"])
        worker.send("job_completed", **grant, result=1)
        assert job.result(timeout_s=30) == 1
    assert [move.new_status for move in client.history(job.job_id)][-1] == "completed"
    assert client.log(job.job_id) == ["hello"]


def test_worker_takes_nothing_when_it_is_drained_until_it_is_resumed(
    hub: Server, client: HubClient
) -> None:
    with open_worker(hub.url, "rack/1"):
        assert client.drain_worker("rack/1").status == "draining"
        assert client.worker("rack/1").status == "draining"
        assert client.resume_worker("rack/1").status == "idle"
        assert [worker.worker_id for worker in client.workers()] == ["rack/1"]
    with pytest.raises(NotFound):
        client.worker("nosuch")


def test_queue_tells_what_nobody_fits_when_it_is_read(client: HubClient) -> None:
    client.submit("demo")
    client.pause_queue("demo")
    queue = client.queue("demo")
    assert (queue.paused, queue.pending) == (True, 1)
    assert client.resume_queue("demo").paused is False
    with pytest.raises(NotFound):
        client.queue("nosuch")


def test_promise_holds_when_it_is_set_until_it_is_ended(client: HubClient) -> None:
    promise = client.set_promise("demo", 2.5, objective=0.9)
    assert promise is not None
    assert (promise.target_ms, promise.objective) == (2_500, 0.9)
    assert client.promises() == [promise]
    assert client.set_promise("demo", None) is None
    assert client.promises() == []
    with pytest.raises(InvalidInput) as refusal:
        client.set_promise("demo", 0)
    assert refusal.value.field == "target_s"


def test_mark_stands_at_its_time_when_one_is_given(client: HubClient) -> None:
    mark = client.mark("shop 1.4", "deploy", at=1_790_000_000_000)
    assert (mark.at, mark.kind, mark.label) == (1_790_000_000_000, "deploy", "shop 1.4")
    assert client.mark("now").at > mark.at


def test_asyncio_does_the_same_when_its_loop_runs_it(hub: Server) -> None:
    async def steps() -> None:
        async with AsyncHubClient(hub.url) as client:
            job = await client.submit("demo", delay_s=60)
            assert (await job.change(run_at="now", priority=3)).priority == 3
            assert (await job.position()).position == 1
            assert (await client.match(job.job_id)).unworkable is not None
            told = await client.bulk("cancel", filter={"status": "pending"}, dry_run=True)
            assert (told.changed, told.dry_run) == (1, True)
            assert (await client.pause_queue("demo")).paused
            assert not (await client.resume_queue("demo")).paused
            assert (await client.queue("demo")).pending == 1
            assert [queue.job_type for queue in await client.queues()] == ["demo"]
            assert [await client.set_promise("demo", 5)] == await client.promises()
            assert (await client.mark("now")).kind == "note"
            with open_worker(hub.url, "w1", ("other",)):
                assert (await client.drain_worker("w1")).status == "draining"
                assert (await client.resume_worker("w1")).status == "idle"
                assert (await client.worker("w1")).job_types == ["other"]
                assert len(await client.workers()) == 1
            assert (await client.stats()).counts["pending"] == 1
            assert len(await client.history(job.job_id)) == 2
            assert await client.log(job.job_id) == []

    asyncio.run(steps())
