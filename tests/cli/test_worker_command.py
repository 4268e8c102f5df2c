"""`jobhub worker MODULE:NAME`: a program's worker, from the current directory."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.support.commands import run_jobhub
from tests.support.processes import Server, serving

TASKS = """
from hub.worker import Worker

worker = Worker(worker_id="tasks")

@worker.job("double")
def double(job):
    return job.payload["n"] * 2

number = 5
"""


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "broken.py").write_text("\nspeed = 1 / 0\n")
    (tmp_path / "lacking.py").write_text("import no_such_module\n")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_jobs_are_done_until_it_is_told_to_end(tasks: Path, hub: Server, api: httpx.Client) -> None:
    with serving("worker", "tasks:worker", environ={"JOBHUB_HUB_URL": hub.url}) as worker:
        job = api.post("/api/jobs", json={"job_type": "double", "payload": {"n": 21}}).json()
        done = api.get(f"/api/jobs/{job['job_id']}/result", params={"wait_s": 30}).json()
        assert done["result"] == 42
        assert worker.stop() == 0


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("tasks", 2, "tasks is not of this form"),
        ("nowhere:worker", 2, "there is no module nowhere"),
        ("tasks:nothing", 2, "tasks has no worker nothing"),
        ("tasks:number", 2, "tasks has no worker number"),
        ("broken:worker", 1, "broken cannot be imported: ZeroDivisionError"),
        ("broken:worker", 1, "broken.py:2"),
        ("lacking:worker", 1, "No module named 'no_such_module'"),
    ],
)
def test_mistake_is_named_when_there_is_no_worker(
    tasks: Path, target: str, status: int, said: str
) -> None:
    ended = run_jobhub("worker", target)
    assert ended.status == status
    assert said in ended.errors
