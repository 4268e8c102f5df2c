"""The Procfile runs hub and dashboard as processes of their own under any runner."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.ports import free_port
from tests.support.process_tree import alive, descendants
from tests.support.processes import clean_environ
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def test_hub_and_dashboard_run_when_honcho_starts_them(tmp_path: Path) -> None:
    hub_port, dashboard_port = free_port(), free_port()
    _put_jobhub_on_path(tmp_path / "bin")
    honcho = subprocess.Popen(
        [sys.executable, "-m", "honcho", "--no-colour", "start"],
        cwd=ROOT,
        env={
            **clean_environ(),
            "PATH": f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "JOBHUB_PORT": str(hub_port),
            "JOBHUB_DASHBOARD_PORT": str(dashboard_port),
            "JOBHUB_DATA_DIR": str(tmp_path),
        },
        stdout=(tmp_path / "output").open("w"),
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{hub_port}/readyz"), timeout_s=60)
        wait_until(lambda: _answers(f"http://127.0.0.1:{dashboard_port}/"), timeout_s=60)
        family = descendants(honcho.pid)
        assert len(family) >= 2
    finally:
        honcho.send_signal(signal.SIGTERM)
        honcho.wait(40)
    wait_until(lambda: not [pid for pid in family if alive(pid)], timeout_s=40)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def _put_jobhub_on_path(directory: Path) -> None:
    """The command of the interpreter that runs the tests, whatever else is on PATH."""
    directory.mkdir()
    command = Path(sys.executable).with_name("jobhub")
    if command.exists():
        shutil.copy(command, directory / "jobhub")
    else:
        (directory / "jobhub").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hub.cli "$@"\n')
        (directory / "jobhub").chmod(0o755)
