"""`HubClient` against a real hub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.client import (
    BatchRefused,
    HubClient,
    HubUnreachable,
    Job,
    JobCancelled,
    JobFailed,
    ResultTimeout,
)
from hub.errors import AccessDenied, Conflict, IdempotencyConflict, InvalidInput, NotFound
from tests.support.processes import Server, serving
from tests.support.sockets import open_worker


@pytest.fixture
def client(hub: Server) -> Iterator[HubClient]:
    """A client of the test's hub."""
    with HubClient(hub.url) as client:
        yield client


def test_record_holds_what_was_asked_when_a_job_is_submitted(client: HubClient) -> None:
    handle = client.submit(
        "demo", {"n": 1}, priority=0, customer_id="acme", max_attempts=7, timeout_s=12.5
    )
    assert handle.job.status == "pending"
    job = handle.refresh()
    assert (job.payload, job.priority, job.customer_id) == ({"n": 1}, 0, "acme")
    assert (job.max_attempts, job.timeout_s) == (7, 12.5)
    assert client.handle(job.job_id).job == job


@pytest.mark.parametrize(
    ("options", "field"),
    [({"priority": 101}, "priority"), ({"nonsense": 1}, "nonsense"), ({"delay_s": -1}, "delay_s")],
)
def test_refusal_names_the_field_when_an_option_is_wrong(
    client: HubClient, options: dict[str, int], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        client.submit("demo", **options)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_payload_is_refused_before_it_is_sent_when_it_is_no_json(client: HubClient) -> None:
    with pytest.raises(InvalidInput, match="JSON"):
        client.submit("demo", object())


def test_one_job_is_made_when_an_idempotency_key_comes_again(client: HubClient) -> None:
    first = client.submit("demo", {"n": 1}, idempotency_key="order-1")
    assert client.submit("demo", {"n": 1}, idempotency_key="order-1").job_id == first.job_id
    with pytest.raises(IdempotencyConflict):
        client.submit("demo", {"n": 2}, idempotency_key="order-1")


def test_every_job_is_made_in_order_when_a_batch_is_larger_than_a_request(
    client: HubClient,
) -> None:
    big = {"text": "x" * 30_000}
    handles = client.submit_batch(
        {"job_type": "demo", "payload": {**big, "n": n}} for n in range(70)
    )
    assert [handle.refresh().payload["n"] for handle in handles[::30]] == [0, 30, 60]
    assert client.stats().counts["pending"] == 70


def test_others_are_made_when_one_job_of_a_batch_is_refused(client: HubClient) -> None:
    with pytest.raises(BatchRefused) as refusal:
        client.submit_batch(
            [
                {"job_type": "demo"},
                {"job_type": "demo", "run_at": 1, "delay_s": 1},
                {"job_type": "demo"},
            ]
        )
    made = [isinstance(item, Job) for item in refusal.value.results]
    assert made == [True, False, True]
    assert refusal.value.results[1].field == "delay_s"  # type: ignore[union-attr]


def test_waiting_ends_with_the_state_when_a_job_is_not_done_in_time(client: HubClient) -> None:
    handle = client.submit("demo")
    with pytest.raises(ResultTimeout, match="pending") as late:
        handle.result(timeout_s=0.2)
    assert isinstance(late.value, TimeoutError)
    assert late.value.job_id == handle.job_id


def test_waiting_ends_when_the_job_is_cancelled(client: HubClient) -> None:
    handle = client.submit("demo")
    assert handle.cancel().status == "cancelled"
    with pytest.raises(JobCancelled):
        handle.result(timeout_s=10)
    with pytest.raises(Conflict, match="cancelled already"):
        handle.cancel()


def test_second_run_brings_its_own_result_when_a_failed_job_is_retried(
    hub: Server, client: HubClient
) -> None:
    handle = client.submit("demo", max_attempts=1)
    with open_worker(hub.url) as worker:
        given = worker.receive_type("assign")["jobs"][0]
        grant = {"job_id": given["job_id"], "fence": given["fence"]}
        worker.send("job_failed", **grant, error={"type": "Boom", "message": "no"})
        with pytest.raises(JobFailed, match="Boom: no"):
            handle.result(timeout_s=10)
        assert handle.retry().run == 2
        given = worker.receive_type("assign")["jobs"][0]
        worker.send(
            "job_completed", job_id=given["job_id"], fence=given["fence"], result={"ok": True}
        )
        assert handle.result(timeout_s=10) == {"ok": True}


def test_every_job_comes_once_when_jobs_are_listed_in_pages(client: HubClient) -> None:
    made = [handle.job_id for handle in client.submit_batch([{"job_type": "demo"}] * 25)]
    listed = [job.job_id for job in client.jobs(status="pending", page_size=10)]
    assert listed == made
    assert len(list(client.jobs(limit=7, page_size=5))) == 7


def test_queue_waits_when_it_is_paused(client: HubClient) -> None:
    client.submit("demo")
    assert client.pause_queue("demo").paused is True
    assert client.resume_queue("demo").paused is False
    assert [queue.job_type for queue in client.queues()] == ["demo"]


def test_unknown_job_is_not_found(client: HubClient) -> None:
    for ask in (client.get, client.history, client.log, client.cancel):
        with pytest.raises(NotFound):
            ask("nothing/like:it")


def test_error_says_so_when_the_token_is_wrong(hub_env: dict[str, str]) -> None:
    with serving("hub", environ={**hub_env, "JOBHUB_TOKEN": "right"}) as hub:
        with HubClient(hub.url, token="wrong") as client, pytest.raises(AccessDenied):
            client.stats()
        with HubClient(hub.url, token="right") as client:
            assert client.stats().counts["pending"] == 0


def test_settings_are_taken_from_the_environment(
    hub: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBHUB_HUB_URL", hub.url + "/")
    with HubClient() as client:
        assert client.stats().counts["pending"] == 0


def test_error_says_so_when_no_hub_is_there(hub: Server) -> None:
    url = hub.url
    hub.kill()
    with HubClient(url) as client, pytest.raises(HubUnreachable, match=url):
        client.stats()
