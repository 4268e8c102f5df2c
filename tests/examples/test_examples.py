"""Every program of examples/ does what it says, against a real hub."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright._impl._driver import compute_driver_executable

from hub.client import HubClient, JobFailed
from tests.support.processes import Server, succeeding
from tests.support.waiting import wait_until

EXAMPLES = Path("examples").resolve()
DEBIAN_MODULES = Path("/usr/share/nodejs")  # where the package node-ws puts it


def environment(hub: Server) -> dict[str, str]:
    return {"JOBHUB_HUB_URL": hub.url, "PYTHONPATH": str(Path.cwd()), "PYTHONUNBUFFERED": "1"}


@contextmanager
def example(hub: Server, name: str) -> Iterator[Server]:
    """Run a program of examples/ for the time of the block."""
    server = Server([], environment(hub), program=(str(EXAMPLES / name),))
    try:
        yield server
    finally:
        server.kill()


def run(hub: Server, name: str) -> str:
    """Run a program to its end; returns what it printed."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        env={**os.environ, **environment(hub)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def client(hub: Server) -> Iterator[HubClient]:
    """A client of the test's hub."""
    with HubClient(hub.url) as client:
        yield client


def test_results_are_printed_when_the_quickstart_is_followed(hub: Server) -> None:
    with example(hub, "quickstart_worker.py") as worker:
        assert run(hub, "quickstart_submit.py").splitlines() == [
            "one: {'files': 2}",
            "many: hello guest 0",
            "many: hello guest 1",
            "many: hello guest 2",
            "on a large GPU: {'files': 1}",
            "failed: NotRetryable - no sizes: another attempt would not help",
        ]
        assert run(hub, "async_submit.py") == "100 guests greeted\n"
        assert worker.stop() == 0


def test_primes_are_counted_in_processes(hub: Server, client: HubClient) -> None:
    with example(hub, "process_worker.py") as worker:
        jobs = client.submit_batch(
            {"job_type": "count_primes", "payload": {"below": 100_000}} for _ in range(4)
        )
        results = [job.result(timeout_s=60) for job in jobs]
        assert {result["primes"] for result in results} == {9592}
        assert worker.process.pid not in {result["pid"] for result in results}
        assert worker.stop() == 0


def test_flask_application_hands_work_over_and_tells_how_far_it_is(hub: Server) -> None:
    app = Server(
        ["--app", str(EXAMPLES / "flask_app.py"), "run", "--port", "0"],
        environment(hub),
        program=("-m", "flask"),
    )
    try:
        url = wait_until(
            lambda: re.search(r"Running on (http://\S+)", app.output), timeout_s=30
        ).group(1)
        with example(hub, "quickstart_worker.py"), httpx.Client(base_url=url) as browser:
            asked = browser.post(
                "/pictures", json={"sizes": [64, 128]}, headers={"Idempotency-Key": "a"}
            )
            assert asked.status_code == 202
            again = browser.post(
                "/pictures", json={"sizes": [64, 128]}, headers={"Idempotency-Key": "a"}
            )
            assert again.json() == asked.json()
            wait_until(lambda: browser.get(asked.json()["see"]).json()["status"] == "completed")
            assert browser.get(asked.json()["see"]).json()["result"] == {"files": 2}
            told = browser.get(asked.json()["see"] + "/events").text
            assert '"status": "completed", "percent": 100' in told
            unknown = browser.get("/pictures/nothing/events")
            assert (unknown.status_code, unknown.json()["error"]) == (404, "not_found")
    finally:
        app.kill()


def test_bare_worker_finishes_its_jobs_over_a_restart_of_the_hub(hub: Server) -> None:
    url = hub.url
    with HubClient(url) as client, example(hub, "bare_worker.py"):
        assert client.submit("upper", {"text": "hello"}).result(timeout_s=30) == "HELLO"
        with pytest.raises(JobFailed, match="KeyError"):
            client.submit("upper", {}).result(timeout_s=30)
        hub.kill()
        with succeeding(hub):
            assert client.submit("upper", {"text": "again"}).result(timeout_s=30) == "AGAIN"


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `ws` is: Debian's package, or what npm installs."""
    if (DEBIAN_MODULES / "ws").exists():
        return DEBIAN_MODULES
    directory = tmp_path_factory.mktemp("node")
    shutil.copy(EXAMPLES / "node_worker" / "package.json", directory)
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"],
        cwd=directory,
        check=True,
        capture_output=True,
        timeout=100,
    )
    return directory / "node_modules"


def test_node_worker_does_jobs_and_comes_back_after_a_restart_of_the_hub(
    hub: Server, node_modules: Path
) -> None:
    url = hub.url
    node, _ = compute_driver_executable()  # Playwright brings a node, so none has to be installed
    with HubClient(url) as client:
        worker = subprocess.Popen(
            [node, str(EXAMPLES / "node_worker" / "worker.js")],
            env={**environment(hub), "NODE_PATH": str(node_modules)},
        )
        try:
            jobs = client.submit_batch(
                {"job_type": "reverse", "payload": {"text": f"job {n}"}} for n in range(20)
            )
            assert [job.result(timeout_s=30) for job in jobs] == [
                f"job {n}"[::-1] for n in range(20)
            ]
            with pytest.raises(JobFailed, match="TypeError"):
                client.submit("reverse", {}).result(timeout_s=30)
            hub.kill()
            with succeeding(hub):
                again = client.submit("reverse", {"text": "again"})
                assert again.result(timeout_s=30) == "niaga"
                worker.terminate()
                assert worker.wait(10) == 0
                assert client.workers()[0].status == "offline"
        finally:
            worker.kill()
            worker.wait(10)
