"""`jobhub submit`: a job from a terminal, its result, and what a mistake looks like."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Jobhub
from tests.support.commands import run_jobhub
from tests.support.processes import Server
from tests.support.sockets import open_worker


def test_job_is_stored_as_asked_when_flags_are_given(jobhub: Jobhub, api: httpx.Client) -> None:
    ended = jobhub(
        "submit", "resize", '{"n": 1}', "--priority", "0", "--customer-id", "acme",
        "--must", "gpu_memory_gb=24", "--must", "region=eu", "--must-not", "spot=true",
        "--max-attempts", "5", "--retry", "fixed", "--retry-base-s", "7",
    )  # fmt: skip
    assert ended.status == 0, ended.errors
    job = api.get(f"/api/jobs/{ended.output.strip()}").json()
    assert (job["payload"], job["priority"], job["customer_id"]) == ({"n": 1}, 0, "acme")
    assert job["max_attempts"] == 5
    assert (job["retry"]["kind"], job["retry"]["base_s"]) == ("fixed", 7)
    assert job["requirements"] == {
        "must": {"gpu_memory_gb": 24, "region": "eu"},
        "must_not": {"spot": True},
    }


def test_payload_is_read_from_a_file_when_it_begins_with_at(
    jobhub: Jobhub, api: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "job.json").write_text('{"from": "file"}')
    ended = jobhub("submit", "resize", f"@{tmp_path}/job.json", "--json")
    job_id = json.loads(ended.output)["job_id"]
    assert api.get(f"/api/jobs/{job_id}").json()["payload"] == {"from": "file"}


def test_result_is_printed_when_the_job_completes(jobhub: Jobhub, hub: Server) -> None:
    with open_worker(hub.url, job_types=("add",)) as worker:

        def work() -> None:
            job = worker.receive_type("assign")["jobs"][0]
            worker.send(
                "job_completed", job_id=job["job_id"], fence=job["fence"], result={"sum": 3}
            )

        thread = threading.Thread(target=work)
        thread.start()
        ended = jobhub("submit", "add", "--wait")
        thread.join()
    assert ended.status == 0
    assert json.loads(ended.output) == {"sum": 3}


def test_status_is_1_when_the_job_fails(jobhub: Jobhub, hub: Server) -> None:
    with open_worker(hub.url, job_types=("add",)) as worker:

        def work() -> None:
            job = worker.receive_type("assign")["jobs"][0]
            error = {"type": "ValueError", "message": "no numbers", "retryable": False}
            worker.send("job_failed", job_id=job["job_id"], fence=job["fence"], error=error)

        thread = threading.Thread(target=work)
        thread.start()
        ended = jobhub("submit", "add", "--wait")
        thread.join()
    assert ended.status == 1
    assert ended.errors.endswith("failed: ValueError: no numbers\n")


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("add", "{nope"), 2, "PAYLOAD: not valid JSON"),
        (("add", "@/nowhere"), 2, "PAYLOAD: /nowhere cannot be read"),
        (("add", "{}", "--must", "gpu"), 2, "--must: gpu is not KEY=VALUE"),
        (("add", "{}", "--priority", "101"), 1, "jobhub: priority: "),
        (("bad type", "{}"), 1, "jobhub: job_type: "),
    ],
)
def test_field_is_named_when_input_is_wrong(
    jobhub: Jobhub, args: tuple[str, ...], status: int, said: str
) -> None:
    ended = jobhub("submit", *args)
    assert ended.status == status
    assert said in ended.errors
    assert not ended.output


def test_hub_is_named_when_nobody_answers() -> None:
    ended = run_jobhub("submit", "add", environ={"JOBHUB_HUB_URL": "http://127.0.0.1:9"})
    assert ended.status == 1
    assert "no hub answers at http://127.0.0.1:9" in ended.errors
