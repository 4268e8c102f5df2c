"""A Redis of the test's own, to be killed, and to come back without its last seconds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import redis

from hub.embedded import find_program
from tests.support.waiting import wait_until


def packaged_program() -> str:
    """Find the server that the system's packages installed, or else the one that comes with Jobhub."""
    return shutil.which("redis-server") or find_program()


class RedisProcess:
    """A server on a Unix socket that appends to a file, as the embedded one does."""

    def __init__(self, directory: Path, environ: Mapping[str, str] | None = None) -> None:
        self._environ = {**os.environ, **(environ or {})}
        self._data = directory / "data"
        self._saved = directory / "saved"
        self._socket = directory / "redis.sock"
        self._data.mkdir()
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [
                find_program(),
                *("--port", "0", "--unixsocket", str(self._socket), "--dir", str(self._data)),
                *("--appendonly", "yes", "--save", ""),
            ],
            stdout=subprocess.DEVNULL,
            env=self._environ,
        )
        wait_until(self._answers, what="the server answers")

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        """Let it be silent: connections are taken by the system, and nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End the silence."""
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Wait until everything that was written is on the disk."""
        with redis.Redis.from_url(self.url) as client:
            client.execute_command("WAITAOF", 1, 0, 5_000)

    def configure(self, name: str, value: str | int) -> None:
        """Change a setting of the running server."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set(name, value)

    def save(self) -> None:
        """Remember what is on the disk now."""
        shutil.copytree(self._data, self._saved)

    def lose(self) -> None:
        """While it is down: lose everything since `save`."""
        shutil.rmtree(self._data)
        shutil.move(self._saved, self._data)

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


@contextmanager
def running_redis(directory: Path) -> Iterator[RedisProcess]:
    """Run a server for the time of the block."""
    directory.mkdir(parents=True, exist_ok=True)
    server = RedisProcess(directory)
    try:
        yield server
    finally:
        server.kill()
