"""A process that uses the embedded server until its standard input ends. Prints pid and URL.

Run as `python -m tests.support.embedded_user DATA_DIR`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.config import load_settings
from hub.embedded import acquire
from tests.support.processes import clean_environ


class User:
    """Another process that uses the server of a data directory."""

    def __init__(self, data_dir: Path, environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.embedded_user", str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**clean_environ(), "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        )
        assert self.process.stdout is not None
        self.server: dict[str, Any] = json.loads(self.process.stdout.readline())

    def leave(self) -> None:
        """End it in peace."""
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def using(data_dir: Path, **environ: str) -> Iterator[User]:
    """Let another process use the server for the time of the block."""
    user = User(data_dir, environ)
    try:
        yield user
    finally:
        if user.process.poll() is None:
            user.leave()


if __name__ == "__main__":
    with acquire(load_settings({}, {"data_dir": sys.argv[1]})) as server:
        print(json.dumps({"pid": server.pid, "url": server.url}), flush=True)
        sys.stdin.read()
