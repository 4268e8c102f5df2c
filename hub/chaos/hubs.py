"""Hub processes that are killed and come back at another port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Final

from hub.errors import Unavailable

_LISTENS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")
_START_S: Final = 60.0


class HubProcess:
    """`jobhub hub` as a child process on a free port. `settings`: the variables that it gets."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        known = {name: text for name, text in os.environ.items() if not name.startswith("JOBHUB_")}
        self._environ = {**known, **settings, "JOBHUB_PORT": "0"}
        self.port = 0
        self.starts = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start and wait until it listens."""
        listening = threading.Event()
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "hub"],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._process = process
        threading.Thread(target=self._read, args=(process, listening), daemon=True).start()
        if not listening.wait(_START_S):
            raise Unavailable("a hub does not start")
        self.starts += 1

    def kill(self) -> None:
        """End it with SIGKILL, all its processes at once."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10.0)

    def _read(self, process: subprocess.Popen[str], listening: threading.Event) -> None:
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            found = _LISTENS.search(line)
            if found and not listening.is_set():
                self.port = int(found.group(1))
                listening.set()
