"""What every run needs: a Redis server of its own, and the peers in a virtual environment."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from bench.throughput.systems import PACKAGES
from hub.embedded import find_program

_START_S = 10.0


@dataclass(frozen=True)
class Server:
    """A running Redis."""

    url: str
    pid: int


@contextmanager
def redis_server(fsync: str) -> Iterator[Server]:
    """Run a server on a free port, the same for every system.

    Args: fsync: of the append-only file: everysec or always, as the embedded server has it; `no`: no file.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            [find_program(), "--port", str(port), "--save", "", *_durability(fsync)],
            cwd=directory,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            server = Server(f"redis://127.0.0.1:{port}/0", process.pid)
            _wait_for(server.url)
            yield server
        finally:
            process.terminate()
            process.wait()


def program_version() -> str:
    """Name the server: `valkey 8.1.8`."""
    told = subprocess.run([find_program(), "--version"], capture_output=True, text=True, check=True)
    found = re.match(r"(\w+) server v=(\S+)", told.stdout)
    return f"{found[1]} {found[2]}" if found else told.stdout.strip()


def _durability(fsync: str) -> list[str]:
    if fsync == "no":
        return ["--appendonly", "no"]
    return ["--appendonly", "yes", "--appendfsync", fsync]


def _wait_for(url: str) -> None:
    client = redis.Redis.from_url(url)
    until = time.monotonic() + _START_S
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ensure_peers(venv: Path) -> Path:
    """Install the peers once; returns the directory of their commands."""
    ready = venv / "ready"
    wanted = "\n".join(PACKAGES)
    if not ready.exists() or ready.read_text() != wanted:
        print(f"Installing the peers into {venv}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", *PACKAGES], check=True)
        ready.write_text(wanted)
    return venv / "bin"
