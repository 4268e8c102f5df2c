"""`hub.testing.running_hub`: a real hub for the time of a test, as other projects use it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hub.testing import HubDidNotStart, running_hub, working
from hub.worker import Job, Worker

pytestmark = pytest.mark.e2e

PROJECT = """
pytest_plugins = ["hub.testing.fixtures"]
"""
PROJECT_TEST = """
from hub.testing import working
from hub.worker import Worker

worker = Worker()

@worker.job("double")
def double(job):
    return 2 * job.payload["n"]

def test_double(jobhub):
    with working(worker, jobhub):
        assert jobhub.client.submit("double", {"n": 21}).result(timeout_s=30) == 42
"""


def test_job_is_done_and_nothing_is_left_when_a_hub_runs_for_a_test() -> None:
    worker = Worker()

    @worker.job("double")
    def double(job: Job) -> int:
        return 2 * int(job.payload["n"])

    with running_hub(settings={"JOBHUB_LEASE_S": "5", "JOBHUB_HEARTBEAT_S": "1"}) as hub:
        with working(worker, hub):
            assert hub.client.submit("double", {"n": 21}).result(timeout_s=30) == 42
        assert hub.client.workers()[0].status == "offline"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{hub.url}/healthz")


def test_output_of_the_hub_is_reported_when_it_does_not_start() -> None:
    with (
        pytest.raises(HubDidNotStart, match="JOBHUB_NONSENSE"),
        running_hub(settings={"JOBHUB_NONSENSE": "1"}),
    ):
        pass


def test_fixture_is_there_when_a_project_names_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PROJECT)
    (tmp_path / "test_double.py").write_text(PROJECT_TEST)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:dash", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
