"""Leases and fences over real hub processes: whatever dies or stops, a job is run again and recorded once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from hub.keys import Keys
from hub.redis_service import RedisService
from tests.support.core import Core
from tests.support.processes import Server, hub_environ, serving
from tests.support.redis_process import running_redis
from tests.support.sockets import Peer, open_socket, open_worker
from tests.support.waiting import wait_until

# Where reapers cannot look for a heartbeat nothing is reaped: it is well above what a busy machine stalls.
SHORT = {"lease_s": "3", "heartbeat_s": "1.5", "accept_s": "0.4"}


@pytest.fixture
def short_env(redis_url: str, namespace: str, tmp_path: Path) -> dict[str, str]:
    return hub_environ(redis_url, namespace, tmp_path, **SHORT)


@contextmanager
def running_hub(environ: dict[str, str]) -> Iterator[tuple[Server, httpx.Client]]:
    with serving("hub", environ=environ) as server:
        client = httpx.Client(base_url=server.url, timeout=30)
        with client:
            yield server, client


def submit(api: httpx.Client, **fields: Any) -> str:
    job_id: str = api.post("/api/jobs", json={"job_type": "demo", **fields}).json()["job_id"]
    return job_id


def take(worker: Peer, *, start: bool = True) -> dict[str, Any]:
    """Wait for one assigned job; returns the grant."""
    given = worker.receive_type("assign", timeout_s=30)["jobs"][0]
    grant = {"job_id": given["job_id"], "fence": given["fence"]}
    if start:
        assert answer(worker, "job_started", **grant)["type"] == "ack"
    return grant


def answer(worker: Peer, type_: str, **fields: Any) -> Any:
    """Send a message about a job and wait for its verdict, past assignments."""
    worker.send(type_, **fields)
    return worker.receive_type("ack", "stale", timeout_s=30)


def job(api: httpx.Client, job_id: str) -> dict[str, Any]:
    record: dict[str, Any] = api.get(f"/api/jobs/{job_id}").json()
    return record


def moves(api: httpx.Client, job_id: str) -> list[str]:
    history = api.get(f"/api/jobs/{job_id}/history").json()["history"]
    return [entry["new_status"] for entry in history]


def rejected(core: Core) -> list[dict[str, Any]]:
    return [event for event in core.events() if event["type"] == "result_rejected"]


def test_result_is_refused_when_its_worker_was_silent_past_the_lease(
    short_env: dict[str, str], core: Core
) -> None:
    with running_hub(short_env) as (hub, api), open_worker(hub.url, "frozen") as frozen:
        job_id = submit(api)
        old = take(frozen)
        # Only then: a second worker that says nothing may be as silent as the first when a reaper comes late.
        wait_until(lambda: job(api, job_id)["status"] == "pending", what="the lease has ended")
        with open_worker(hub.url, "other") as other:
            new = take(other)
            assert new["fence"] > old["fence"]
            assert answer(frozen, "job_completed", **old, result="late")["type"] == "stale"
            assert answer(other, "job_completed", **new, result="first")["type"] == "ack"
            assert answer(frozen, "job_completed", **old, result="later")["type"] == "stale"
        record = job(api, job_id)
    assert (record["result"], record["worker_id"], record["attempt"]) == ("first", "other", 1)
    assert [event["worker_id"] for event in rejected(core)] == ["frozen", "frozen"]
    assert core.moves(job_id).count(("in_progress", "completed")) == 1


def test_nothing_is_requeued_when_a_socket_is_cut_for_less_than_the_lease(
    hub_env: dict[str, str], core: Core
) -> None:
    with running_hub(hub_env) as (hub, api):
        job_id = submit(api)
        with open_worker(hub.url) as worker:
            grant = take(worker)
        wait_until(lambda: api.get("/api/workers/w1").json()["status"] == "offline")
        assert job(api, job_id)["status"] == "in_progress"
        with open_socket(hub.url, "/ws/worker") as again:
            again.send("register", worker_id="w1", job_types=["demo"], resume=[grant])
            assert again.receive_type("registered")["jobs"] == [{**grant, "action": "keep"}]
            assert answer(again, "job_completed", **grant, result=1)["type"] == "ack"
        assert moves(api, job_id) == ["pending", "assigned", "in_progress", "completed"]
    disconnects = [e for e in core.events() if e["type"] == "worker_disconnected"]
    assert disconnects[0]["reason"] == "connection_lost"


def test_job_is_sent_again_when_a_hub_died_between_claim_and_push(
    hub_env: dict[str, str], core: Core
) -> None:
    with running_hub(hub_env) as (hub, api):
        with open_worker(hub.url):
            pass
        wait_until(lambda: api.get("/api/workers/w1").json()["status"] == "offline")
        job_id = submit(api)
        core.register()  # the hub that dies: it claims and pushes nothing
        lost = core.take()
        with open_worker(hub.url) as worker:
            grant = take(worker)
            assert grant == {"job_id": job_id, "fence": lost.fence}
            assert answer(worker, "job_completed", **grant)["type"] == "ack"
        assert job(api, job_id)["losses"] == 0


def test_job_is_not_punished_when_nobody_pushed_it_however_often(
    short_env: dict[str, str], core: Core
) -> None:
    with running_hub(short_env) as (_, api):
        job_id = submit(api)
        core.register(slots=1)
        for _ in range(4):  # more often than a job may be lost
            wait_until(lambda: _claimed(core), what="the job is pending again")
        core.registry.goodbye("w1", "c-w1")
        record = job(api, job_id)
    assert (record["status"], record["losses"], record["attempt"]) == ("pending", 0, 1)


def _claimed(core: Core) -> bool:
    """Ask for a job as a hub that lives, but never pushes."""
    core.registry.heartbeat("w1", "c-w1", [])
    return bool(core.broker.claim("w1", 1))


def test_result_is_recorded_once_when_the_hub_dies_before_it_acknowledges(
    hub_env: dict[str, str], core: Core
) -> None:
    with running_hub(hub_env) as (second, api), ExitStack() as stack:
        first, _ = stack.enter_context(running_hub(hub_env))
        job_id = submit(api)
        worker = stack.enter_context(open_worker(first.url))
        grant = take(worker)
        worker.send("job_completed", **grant, result={"n": 1})
        first.kill()
        with open_socket(second.url, "/ws/worker") as again:
            again.send("register", worker_id="w1", job_types=["demo"], resume=[grant])
            again.receive_type("registered")
            assert answer(again, "job_completed", **grant, result={"n": 1})["type"] == "ack"
            assert answer(again, "job_completed", **grant, result={"n": 1})["type"] == "ack"
        assert job(api, job_id)["result"] == {"n": 1}
    assert core.moves(job_id).count(("in_progress", "completed")) == 1
    assert rejected(core) == []


@pytest.mark.parametrize("lost", [False, True], ids=["all kept", "last moments lost"])
def test_no_fence_is_granted_twice_when_redis_restarts(tmp_path: Path, lost: bool) -> None:
    with running_redis(tmp_path / "redis") as own:
        environ = hub_environ(own.url, "restart", tmp_path)
        with running_hub(environ) as (hub, api), open_worker(hub.url, slots=9) as worker:
            submit(api)
            first = take(worker)
            service = RedisService(own.url, Keys("restart"))
            epoch = service.redis.hget(service.keys.meta, "epoch")
            service.redis.execute_command("WAITAOF", 1, 0, 5_000)
            service.close()
            own.save()
            submit(api)
            second = take(worker)
            own.kill()
            if lost:
                own.lose()
            own.start()
            wait_until(lambda: api.get("/readyz").status_code == 200, timeout_s=30)
        with _again(environ, [first, second]) as (api, worker, verdicts):
            kept = [verdict["action"] for verdict in verdicts]
            assert kept == ["keep", "drop" if lost else "keep"]
            assert api.get("/api/stats").json()["epoch"] != epoch.decode()
            assert answer(worker, "job_completed", **first)["type"] == "ack"
            submit(api)
            third = take(worker)
            assert third["fence"] > max(first["fence"], second["fence"])


@contextmanager
def _again(
    environ: dict[str, str], held: list[dict[str, Any]]
) -> Iterator[tuple[httpx.Client, Peer, list[dict[str, Any]]]]:
    """The worker comes back, to another hub, with what it held."""
    with running_hub(environ) as (hub, api), open_socket(hub.url, "/ws/worker") as worker:
        worker.send("register", worker_id="w1", job_types=["demo"], slots=9, resume=held)
        yield api, worker, worker.receive_type("registered")["jobs"]


def test_work_goes_on_when_two_hubs_share_one_redis(hub_env: dict[str, str], core: Core) -> None:
    with running_hub(hub_env) as (one, api), running_hub(hub_env) as (two, other_api):
        with open_worker(one.url, "w1") as first, open_worker(two.url, "w2") as second:
            ids = [submit(api), submit(other_api)]
            grants = [take(first), take(second)]
            assert {grant["job_id"] for grant in grants} == set(ids)
            api.post(f"/api/jobs/{grants[1]['job_id']}/cancel")
            told = second.receive_type("cancel")
            assert (told["job_id"], told["fence"]) == tuple(grants[1].values())
            other_api.post("/api/workers/w1/drain")
            assert first.receive_type("drain")["draining"] is True
            assert answer(first, "job_completed", **grants[0])["type"] == "ack"
            assert answer(second, "job_completed", **grants[1])["type"] == "stale"
        assert job(api, ids[0])["status"] in ("completed", "cancelled")
    assert rejected(core) == []


def test_older_socket_is_closed_when_its_worker_connects_to_another_hub(
    hub_env: dict[str, str],
) -> None:
    with ExitStack() as stack:
        one, api = stack.enter_context(running_hub(hub_env))
        two, _ = stack.enter_context(running_hub(hub_env))
        older = stack.enter_context(open_worker(one.url))
        job_id = submit(api)
        grant = take(older)
        newer = stack.enter_context(open_socket(two.url, "/ws/worker"))
        newer.send("register", worker_id="w1", job_types=["demo"], resume=[grant])
        assert newer.receive_type("registered")["jobs"][0]["action"] == "keep"
        with pytest.raises(ConnectionClosed) as closed:
            older.receive(30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4501
        assert answer(newer, "job_completed", **grant)["type"] == "ack"
        assert moves(api, job_id) == ["pending", "assigned", "in_progress", "completed"]


def test_busy_slot_gets_no_second_job_when_its_job_was_cancelled(hub_env: dict[str, str]) -> None:
    with running_hub(hub_env) as (hub, api), open_worker(hub.url) as worker:
        first, second = submit(api), submit(api)
        grant = take(worker)
        assert grant["job_id"] == first
        api.post(f"/api/jobs/{first}/cancel")
        worker.receive_type("cancel")
        worker.send("heartbeat", held=[grant])
        beat = worker.receive_type("heartbeat_ack", "assign")
        assert beat["held"] == [{**grant, "action": "cancel"}]
        assert job(api, second)["status"] == "pending"
        assert answer(worker, "job_released", **grant)["type"] == "ack"
        assert take(worker)["job_id"] == second


def test_worker_is_told_and_its_late_result_is_stale_when_a_job_times_out(
    hub_env: dict[str, str], core: Core
) -> None:
    with running_hub(hub_env) as (hub, api), open_worker(hub.url) as worker:
        job_id = submit(api, timeout_s=0.3, max_attempts=1)
        grant = take(worker)
        assert worker.receive_type("cancel", timeout_s=30)["reason"] == "timeout"
        assert answer(worker, "job_completed", **grant)["type"] == "stale"
        record = job(api, job_id)
        assert (record["status"], record["error"]["reason"]) == ("failed", "timeout")
    assert rejected(core) == []
