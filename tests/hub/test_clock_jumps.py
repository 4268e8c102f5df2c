"""The clock of Redis is set forward and back by hours: no job changes hands for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import redis

from hub.keys import Keys
from tests.support.processes import hub_environ, serving
from tests.support.redis_process import RedisProcess
from tests.support.sockets import Peer, open_worker
from tests.support.waiting import wait_until

LEASE_S: Final = 3
HOURS: Final = 3_600


class Clocked(RedisProcess):
    """A server whose clock is moved: libfaketime reads the offset from a file at each look."""

    def __init__(self, directory: Path) -> None:
        self._offset = directory / "offset"
        self.move_to(0)
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
        environ = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        super().__init__(directory, environ)

    def move_to(self, seconds: int) -> None:
        """Set the clock so far from the true time."""
        self._offset.write_text(f"{seconds:+d}s\n")


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[Clocked]:
    directory = tmp_path / "redis"
    directory.mkdir()
    server = Clocked(directory)
    yield server
    server.kill()


@pytest.mark.parametrize("jump_s", [2 * HOURS, -2 * HOURS])
def test_job_stays_with_its_worker_when_the_clock_jumps(
    clocked: Clocked, tmp_path: Path, jump_s: int
) -> None:
    environ = hub_environ(
        clocked.url, "clock", tmp_path, lease_s=str(LEASE_S), heartbeat_s="1", accept_s="1"
    )
    with (
        serving("hub", environ=environ) as hub,
        httpx.Client(base_url=hub.url, timeout=30) as api,
        open_worker(hub.url) as worker,
        redis.Redis.from_url(clocked.url) as client,
    ):
        body = {"job_type": "demo", "timeout_s": 10 * HOURS}  # the clock counts for time limits
        job_id = api.post("/api/jobs", json=body).json()["job_id"]
        (given,) = worker.receive_type("assign")["jobs"]
        worker.send("job_started", job_id=job_id, fence=given["fence"])
        assert worker.receive_type("ack")["of"] == "job_started"  # its lease is of before the jump
        before = client.time()[0]
        clocked.move_to(jump_s)
        wait_until(lambda: abs(looked_at(client) - before) > HOURS, what="a reaper saw the jump")
        for _ in range(2 * LEASE_S):  # longer than a lease, in the time of everybody else
            assert hold(worker, job_id, given["fence"]) == "keep"
        job = api.get(f"/api/jobs/{job_id}").json()
        assert (job["status"], job["losses"], job["fence"]) == ("in_progress", 0, given["fence"])
        worker.send("job_completed", job_id=job_id, fence=given["fence"], result=1)
        assert worker.receive_type("ack", "stale", timeout_s=30)["type"] == "ack"


def looked_at(client: redis.Redis) -> int:
    """When a reaper last looked, by the server's clock, Unix s."""
    looked_ms: Any = client.hget(Keys("clock").meta, "looked_ms")
    return int(looked_ms or 0) // 1000


def hold(worker: Peer, job_id: str, fence: int) -> str:
    """Renew the lease a second later; what the hub says of it."""
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 1.0)
    worker.send("heartbeat", held=[{"job_id": job_id, "fence": fence}])
    (verdict,) = worker.receive_type("heartbeat_ack", timeout_s=30)["held"]
    return str(verdict["action"])
