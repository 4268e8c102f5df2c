"""`jobhub up`: one command starts everything, and ends everything."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.process_tree import alive, children, command_of, descendants
from tests.support.processes import Server, serving
from tests.support.waiting import wait_until

_PORTS = {"JOBHUB_PORT": "0", "JOBHUB_DASHBOARD_PORT": "0"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {**_PORTS, "JOBHUB_DATA_DIR": str(tmp_path)}


@pytest.fixture
def up(environ: dict[str, str]) -> Iterator[Server]:
    """Everything, without a demo."""
    with serving("up", environ=environ) as server:
        _dashboard_url(server)
        yield server
        server.stop()


def _dashboard_url(server: Server) -> str:
    assert server.url
    (url,) = [line for line in server.lines if re.fullmatch(r"https?://\S+", line)]
    return url


def _hub_url(server: Server) -> str:
    port = re.search(r"The hub answers on port (\d+)", server.output)
    assert port
    return f"http://127.0.0.1:{port[1]}"


def _child(server: Server, words: str) -> int:
    # Not any descendant: a server's own workers have the same command line.
    return next(pid for pid in children(server.process.pid) if words in command_of(pid))


def test_dashboard_is_served_at_the_url_on_a_line_of_its_own(up: Server) -> None:
    assert httpx.get(_dashboard_url(up)).status_code == 200
    hub_url = _hub_url(up)
    assert httpx.get(f"{hub_url}/readyz").status_code == 200
    origin = {"Origin": _dashboard_url(up)}
    assert httpx.get(f"{hub_url}/api/stats", headers=origin).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_everything_ends_with_status_0_when_it_is_told_to(
    up: Server, number: signal.Signals, tmp_path: Path
) -> None:
    family = descendants(up.process.pid)
    redis = int((tmp_path / "redis" / "server.pid").read_text())
    assert alive(redis)
    up.process.send_signal(number)
    assert up.process.wait(40) == 0
    assert not [pid for pid in {*family, redis} if alive(pid)]
    assert "Traceback" not in up.output


def test_the_rest_ends_with_status_1_when_a_part_dies(up: Server) -> None:
    family = descendants(up.process.pid)

    os.kill(_child(up, "hub.cli dashboard"), signal.SIGKILL)
    assert up.process.wait(40) == 1
    assert "jobhub: dashboard ended with status -9" in up.output
    wait_until(lambda: not [pid for pid in family if alive(pid)])


def test_nothing_is_left_behind_when_the_supervisor_is_killed(up: Server, tmp_path: Path) -> None:
    family = descendants(up.process.pid)
    redis = int((tmp_path / "redis" / "server.pid").read_text())
    up.process.kill()
    wait_until(lambda: not [pid for pid in {*family, redis} if alive(pid)], timeout_s=40)


def test_port_is_named_when_it_is_in_use(environ: dict[str, str]) -> None:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with serving("up", "--dashboard-port", port, environ=environ) as server:
            assert server.process.wait(30) == 1
            wait_until(lambda: server.output)
            assert server.output.startswith("jobhub: JOBHUB_DASHBOARD_PORT: ")


def test_every_state_moves_when_the_demo_runs(environ: dict[str, str]) -> None:
    with serving("up", "--demo", environ=environ) as server:
        _dashboard_url(server)
        hub_url = _hub_url(server)

        def counts() -> dict[str, int]:
            return dict(httpx.get(f"{hub_url}/api/stats").json()["counts"])

        moving = ("completed", "in_progress", "pending", "scheduled")
        wait_until(lambda: all(counts()[state] for state in moving), timeout_s=60)
        workers = httpx.get(f"{hub_url}/api/workers").json()["workers"]
        assert {"oslo-1", "gpu-alfa", "bergen-batch"} <= {item["worker_id"] for item in workers}
        snapshot = httpx.get(f"{hub_url}/api/snapshot").json()["data"]
        wait_until(
            lambda: any(
                job.get("progress", {}).get("message")
                for job in httpx.get(f"{hub_url}/api/snapshot").json()["data"]["jobs"]["active"][
                    "rows"
                ]
            )
        )
        assert len({queue["job_type"] for queue in snapshot["queues"]}) >= 5
        assert server.stop(60) == 0
        assert "Traceback" not in server.output
