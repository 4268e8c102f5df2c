"""Redis goes away, stops, or refuses writes: callers are told in time, and everything goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.worker import Worker
from tests.support.core import Core
from tests.support.processes import Server, hub_environ, serving
from tests.support.redis_process import RedisProcess, running_redis
from tests.support.sockets import open_monitor
from tests.support.waiting import wait_until

LEASE_S = 8.0  # above the longest pause of a worker that comes back, as the default is


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisProcess]:
    with running_redis(tmp_path / "redis") as server:
        yield server
        server.go_on()


@pytest.fixture
def steady(own: RedisProcess, tmp_path: Path) -> Iterator[Server]:
    """A hub on a Redis of its own, with a short lease."""
    environ = hub_environ(
        own.url, "outage", tmp_path, lease_s=str(LEASE_S), heartbeat_s="2", accept_s="0.5"
    )
    with serving("hub", environ=environ) as server:
        yield server


@pytest.fixture
def client(steady: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=steady.url, timeout=60) as client:
        yield client


def submit(api: httpx.Client, job_type: str = "demo", **fields: Any) -> httpx.Response:
    return api.post("/api/jobs", json={"job_type": job_type, **fields})


def assert_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["code"] == "unavailable"


def serves(api: httpx.Client) -> bool:
    return api.get("/readyz").status_code == 200 and submit(api, "other").status_code == 201


def test_requests_are_refused_at_once_when_redis_is_gone(
    own: RedisProcess, steady: Server, client: httpx.Client
) -> None:
    kept = submit(client).json()["job_id"]
    own.flush()
    own.kill()
    started = time.monotonic()
    for path in (f"/api/jobs/{kept}", "/api/jobs", "/api/snapshot", "/readyz", "/api/workers"):
        assert_unavailable(client.get(path))
    assert_unavailable(submit(client))
    assert time.monotonic() - started < 10
    assert client.get("/healthz").status_code == 200
    own.start()
    wait_until(lambda: serves(client), timeout_s=30)
    assert client.get(f"/api/jobs/{kept}").json()["status"] == "pending"
    assert "Traceback" not in steady.output


def test_many_requests_are_refused_in_time_when_redis_is_silent(
    own: RedisProcess, steady: Server, client: httpx.Client
) -> None:
    wait_until(lambda: serves(client))
    own.stop()

    def ask(number: int) -> tuple[httpx.Response, float]:
        started = time.monotonic()
        response = httpx.get(f"{steady.url}/api/stats", timeout=60)
        return response, time.monotonic() - started

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(ask, range(200)))
    for response, took_s in answers:
        assert_unavailable(response)
        assert took_s < 20
    started = time.monotonic()
    for _ in range(20):  # by now it is known
        assert_unavailable(client.get("/api/stats"))
    assert time.monotonic() - started < 4
    own.go_on()
    wait_until(lambda: serves(client), timeout_s=30)
    assert "Traceback" not in steady.output


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_running_jobs_are_not_lost_when_redis_was_away_for_longer_than_the_lease(
    own: RedisProcess, steady: Server, client: httpx.Client, how: str
) -> None:
    worker = Worker(steady.url, slots=4, worker_id="patient")
    done: list[str] = []

    @worker.job("slow")
    def slow(job: Any) -> str:
        wait_until(lambda: not away, timeout_s=60)
        done.append(job.job_id)
        return "done"

    away = [True]
    worker.start(wait_s=20)
    try:
        ids = [submit(client, "slow").json()["job_id"] for _ in range(3)]
        wait_until(lambda: client.get("/api/stats").json()["counts"]["in_progress"] == 3)
        own.flush()
        own.stop() if how == "stopped" else own.kill()
        until = time.monotonic() + LEASE_S + 1
        wait_until(lambda: time.monotonic() > until, timeout_s=60)
        own.go_on() if how == "stopped" else own.start()
        away.clear()
        for job_id in ids:
            job = wait_until(lambda job_id=job_id: finished(client, job_id), timeout_s=60)
            assert (job["status"], job["result"]) == ("completed", "done")
            assert moves(client, job_id) == ["pending", "assigned", "in_progress", "completed"]
        assert sorted(done) == sorted(ids)
    finally:
        away.clear()
        worker.stop()
    assert "Traceback" not in steady.output


def finished(api: httpx.Client, job_id: str) -> Any:
    response = api.get(f"/api/jobs/{job_id}")
    if response.status_code != 200:
        return None
    job = response.json()
    return job if job["status"] in ("completed", "failed") else None


def moves(api: httpx.Client, job_id: str) -> list[str]:
    """Every state that a job was ever in: who lost it would have put it back in line."""
    history = api.get(f"/api/jobs/{job_id}/history").json()["history"]
    return [entry["new_status"] for entry in history]


def test_monitor_shows_what_came_after_when_redis_was_silent(
    own: RedisProcess, steady: Server, client: httpx.Client
) -> None:
    wait_until(lambda: serves(client))
    with open_monitor(steady.url) as monitor:
        assert monitor.receive_type("full_state_snapshot")["seq"] >= 0
        own.stop()
        assert_unavailable(client.get("/api/stats"))
        own.go_on()
        made = wait_until(lambda: submit(client).json().get("job_id"), timeout_s=30)

        def told() -> bool:
            message = monitor.receive(30)
            events = message.get("events", [])
            return any(event.get("job_id") == made for event in events)

        wait_until(told, timeout_s=30)


def test_requests_that_write_are_refused_when_redis_is_read_only(
    own: RedisProcess, steady: Server, client: httpx.Client
) -> None:
    job_id = submit(client).json()["job_id"]
    own.configure("min-replicas-to-write", 1)
    assert_unavailable(submit(client))
    assert_unavailable(client.post(f"/api/jobs/{job_id}/cancel"))
    own.configure("min-replicas-to-write", 0)
    wait_until(lambda: serves(client), timeout_s=30)
    assert client.get(f"/api/jobs/{job_id}").json()["status"] == "pending"
    assert "Traceback" not in steady.output


def test_nothing_ends_for_one_lease_when_nobody_could_look_for_longer_than_a_heartbeat(
    core: Core,
) -> None:
    core.register()
    job = core.submit()
    core.run()
    core.maintenance.run_once()
    core.service.redis.hincrby(core.service.keys.meta, "looked_ms", -11_000)
    core.pass_time(60)
    done = core.maintenance.run_once()
    assert (done.lost, done.silent, done.timed_out) == (0, 0, 0)
    core.pass_time(29)
    assert core.maintenance.run_once().lost == 0
    core.pass_time(2)
    done = core.maintenance.run_once()
    assert (done.lost, done.silent) == (1, 1)
    assert core.broker.get(job.job_id).losses == 1


def test_leases_end_in_time_when_nobody_looked_for_less_than_a_heartbeat(core: Core) -> None:
    core.register()
    core.submit()
    core.run()
    core.maintenance.run_once()
    core.service.redis.hincrby(core.service.keys.meta, "looked_ms", -5_000)
    core.pass_time(31)
    assert core.maintenance.run_once().lost == 1
