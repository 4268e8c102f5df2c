"""Children of the bench: servers that print their port, receivers, and what CPU they took."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_PORT = re.compile(r":(\d+)\s*$")


class Child:
    """A Python module run as a process of its own group. `errors`: where its standard error goes."""

    def __init__(
        self,
        module: str,
        *args: str,
        environ: dict[str, str] | None = None,
        errors: IO[str] | None = None,
    ) -> None:
        known = {name: text for name, text in os.environ.items() if not name.startswith("JOBHUB_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *args],
            env={**known, **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )

    def line(self) -> str:
        """Read the next line that it prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args} ended")
        return line.strip()

    def port(self) -> int:
        """Read lines until one ends with a port."""
        while True:
            found = _PORT.search(self.line())
            if found:
                return int(found.group(1))

    def tell(self, message: object) -> None:
        """Write a line of JSON to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def result(self) -> Any:
        """Read its one line of JSON."""
        return json.loads(self.line())

    def cpu_s(self) -> float:
        """CPU seconds of its whole group so far."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """End the group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def child(
    module: str,
    *args: str,
    environ: dict[str, str] | None = None,
    errors: IO[str] | None = None,
) -> Iterator[Child]:
    """Run a child for the time of the block. `errors`: where its standard error goes."""
    started = Child(module, *args, environ=environ, errors=errors)
    try:
        yield started
    finally:
        started.end()


def hub_environ(redis_url: str, namespace: str, **more: str) -> dict[str, str]:
    """The settings of a hub on `redis_url` that takes a free port."""
    settings = {"REDIS_URL": redis_url, "JOBHUB_NAMESPACE": namespace, "JOBHUB_PORT": "0"}
    return {**settings, **more}
