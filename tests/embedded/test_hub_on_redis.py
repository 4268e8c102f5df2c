"""A hub on its own server and on the system's: jobs are there again after a power cut."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis

from tests.support.ports import free_port
from tests.support.process_tree import alive
from tests.support.processes import serving
from tests.support.redis_process import packaged_program
from tests.support.sockets import open_monitor, open_worker
from tests.support.waiting import wait_until


@pytest.fixture
def packaged_redis(tmp_path: Path) -> Iterator[str]:
    """The system's redis-server on a free port; its URL."""
    port = free_port()
    process = subprocess.Popen(
        [packaged_program(), "--port", str(port), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"

    def answers() -> bool:
        try:
            return bool(redis.Redis.from_url(url, protocol=2).ping())
        except redis.ConnectionError:
            return False

    wait_until(answers)
    yield url
    process.terminate()
    process.wait(20)


def test_job_is_done_when_redis_url_names_a_server(packaged_redis: str, tmp_path: Path) -> None:
    environ = {"REDIS_URL": packaged_redis, "JOBHUB_PORT": "0", "JOBHUB_DATA_DIR": str(tmp_path)}
    with (
        serving("hub", environ=environ) as hub,
        open_monitor(hub.url) as monitor,
        open_worker(hub.url) as worker,
    ):
        monitor.receive_type("full_state_snapshot")  # what happens before it is in it, and no event
        job = httpx.post(f"{hub.url}/api/jobs", json={"job_type": "demo"}).json()
        given = worker.receive_type("assign")["jobs"][0]
        worker.ask("job_completed", job_id=given["job_id"], fence=given["fence"], result=1)
        states = []
        while "completed" not in states:
            frame = monitor.receive_type("events")
            states += [event.get("new_status") for event in frame["events"]]
        answer = httpx.get(f"{hub.url}/api/jobs/{job['job_id']}/result").json()
        assert answer["result"] == 1
        assert hub.stop() == 0
    assert not (tmp_path / "redis").exists()  # no server of its own


def test_jobs_are_back_when_everything_was_killed(tmp_path: Path) -> None:
    environ = {"JOBHUB_PORT": "0", "JOBHUB_DATA_DIR": str(tmp_path), "JOBHUB_FSYNC": "always"}
    with serving("hub", environ=environ) as hub:
        jobs = [
            httpx.post(f"{hub.url}/api/jobs", json={"job_type": "demo"}).json()["job_id"]
            for _ in range(20)
        ]
        epoch = httpx.get(f"{hub.url}/api/stats").json()["epoch"]
        server = int((tmp_path / "redis" / "server.pid").read_text())
        os.kill(server, signal.SIGKILL)
        hub.kill()
        wait_until(lambda: not alive(server))
    with serving("hub", environ=environ) as hub:
        stats = httpx.get(f"{hub.url}/api/stats").json()
        assert stats["counts"]["pending"] == 20
        assert stats["epoch"] != epoch  # another server: what was told since may be gone
        found = httpx.get(f"{hub.url}/api/jobs").json()["jobs"]
        assert sorted(job["job_id"] for job in found) == sorted(jobs)
        assert hub.stop() == 0
