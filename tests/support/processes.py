"""Starts the product's own commands as a user would, and ends them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import wait_until

_URL = re.compile(r"https?://\S+")


class Server:
    """A running command, in a process group of its own."""

    def __init__(
        self,
        args: list[str],
        environ: Mapping[str, str],
        program: tuple[str, ...] = ("-m", "hub.cli"),
    ) -> None:
        self.lines: list[str] = []
        self.environ = dict(environ)
        self.process = subprocess.Popen(
            [sys.executable, *program, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**clean_environ(), **environ},
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self) -> str:
        """Everything that it has printed."""
        return "\n".join(self.lines)

    @property
    def url(self) -> str:
        """The URL that it serves, or served; waits for the line that says it."""

        def find() -> str:
            found = _URL.search(self.output)
            if found is None and self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.output}")
            return found.group(0) if found else ""

        return wait_until(find, timeout_s=60.0, what="a URL in the output")

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End everything with SIGKILL, as a power cut would."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, timeout_s: float = 30.0) -> int:
        """Ask it to end; returns its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end on SIGTERM:\n{self.output}") from None


@contextmanager
def serving(*args: str, environ: Mapping[str, str]) -> Iterator[Server]:
    """Run `jobhub ARGS` for the time of the block."""
    server = Server(list(args), environ)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def serving_hub(environ: Mapping[str, str]) -> Iterator[Server]:
    """Run a hub for the time of the block, in which it listens already."""
    with serving("hub", environ=environ) as hub:
        assert hub.url
        yield hub


@contextmanager
def succeeding(gone: Server) -> Iterator[Server]:
    """Run a hub with the settings and at the address of one that is gone."""
    port = gone.url.rpartition(":")[2]
    with serving_hub({**gone.environ, "JOBHUB_PORT": port}) as hub:
        assert hub.url == gone.url
        yield hub


def clean_environ() -> dict[str, str]:
    """The environment without settings of Jobhub."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("JOBHUB_") and name != "REDIS_URL"
    }


def hub_environ(redis_url: str, namespace: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """Build the settings of a hub on `redis_url` that takes a free port."""
    return {
        "REDIS_URL": redis_url,
        "JOBHUB_NAMESPACE": namespace,
        "JOBHUB_DATA_DIR": str(data_dir),
        "JOBHUB_PORT": "0",
        **{f"JOBHUB_{name.upper()}": value for name, value in settings.items()},
    }
