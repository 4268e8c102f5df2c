"""`jobhub hub`: it says where it listens, ends when told, and why it cannot start."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx
import pytest

from tests.support.commands import run_jobhub
from tests.support.processes import Server, serving


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_status_is_0_when_it_is_told_to_end(
    hub_env: dict[str, str], number: signal.Signals
) -> None:
    with serving("hub", environ=hub_env) as server:
        assert server.url in server.lines
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
        assert "Traceback" not in server.output


def test_port_is_named_when_it_is_in_use(hub_env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_jobhub("hub", "--port", port, environ=hub_env)
    assert ended.status == 1
    assert ended.errors == f"jobhub: JOBHUB_PORT: 127.0.0.1:{port} is in use by another program\n"


def test_public_address_is_refused_when_there_is_no_token(hub_env: dict[str, str]) -> None:
    ended = run_jobhub("hub", "--host", "0.0.0.0", environ=hub_env)
    assert ended.status == 2
    assert "JOBHUB_TOKEN" in ended.errors


def test_two_hubs_serve_one_state_when_they_share_redis(
    hub: Server, hub_env: dict[str, str]
) -> None:
    with serving("hub", environ=hub_env) as other:
        job = httpx.post(f"{hub.url}/api/jobs", json={"job_type": "demo"}).json()
        assert httpx.get(f"{other.url}/api/jobs/{job['job_id']}").json()["status"] == "pending"


def test_command_line_does_not_load_redis_before_the_server_patches_the_library() -> None:
    """gevent warns, and TLS to Redis breaks, when something holds the unpatched `ssl` already."""
    loaded = "import sys, hub.cli; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], timeout=60).returncode == 0


def test_no_other_command_is_loaded_when_the_hub_starts() -> None:
    loaded = (
        "import sys; from hub.cli import main; main(['hub', '--help'], standalone_mode=False);"
        "sys.exit(bool({'httpx', 'rich', 'hub.cli.jobs'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", loaded]
    assert subprocess.run(command, timeout=60, stdout=subprocess.DEVNULL).returncode == 0
