"""Processes that are killed, stopped and started again: hubs at another port each time, and workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from hub.errors import Unavailable

_HUB_LISTENS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")
_WORKER_RUNS: Final = re.compile(r"^worker \S+ works for ")
_START_S: Final = 60.0
_END_S: Final = 30.0  # for a hub to end in order; its server gives connections ten seconds
_TRACE: Final = "Traceback (most recent call last)"


class ChildProcess:
    """`jobhub ARGS` as a child. `environ`: its settings. `traces`: how many stack traces it printed."""

    def __init__(
        self, args: Sequence[str], environ: Mapping[str, str], ready: re.Pattern[str]
    ) -> None:
        known = {name: text for name, text in os.environ.items() if not name.startswith("JOBHUB_")}
        self._args = args
        self._environ = {**known, **environ}
        self._ready = ready
        self.traces = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start and wait until it says that it runs."""
        running = threading.Event()
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", *self._args],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._process = process
        threading.Thread(target=self._read, args=(process, running), daemon=True).start()
        if not running.wait(_START_S):
            raise Unavailable(f"jobhub {self._args[0]} does not start")

    def kill(self) -> None:
        """End it with SIGKILL, all its processes at once."""
        if self._signal(signal.SIGKILL) and self._process is not None:
            self._process.wait(_END_S)

    def end(self) -> bool:
        """End it with SIGTERM, as an operator would; False when it did not end in order and was killed."""
        if self._process is None or self._process.poll() is not None:
            return False
        self._process.terminate()
        try:
            return self._process.wait(_END_S) == 0
        except subprocess.TimeoutExpired:
            self.kill()
            return False

    def pause(self) -> None:
        """Stop it where it stands: its connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause; nothing where there is none."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        os.killpg(self._process.pid, number)
        return True

    def _read(self, process: subprocess.Popen[str], running: threading.Event) -> None:
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            self.traces += _TRACE in line
            found = self._ready.search(line)
            if found and not running.is_set():
                self._note(found)
                running.set()

    def _note(self, found: re.Match[str]) -> None:
        """Take what the line says that the process runs."""


class HubProcess(ChildProcess):
    """`jobhub hub` on a free port, another one after each start."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.port = 0
        super().__init__(["hub"], {**settings, "JOBHUB_PORT": "0"}, _HUB_LISTENS)

    def _note(self, found: re.Match[str]) -> None:
        self.port = int(found.group(1))


class WorkerProcess(ChildProcess):
    """`jobhub worker` with the proof's handler, at the hub that `hub_url` leads to."""

    def __init__(self, hub_url: str) -> None:
        args = ["worker", "hub.chaos.sdk:make_worker"]
        super().__init__(args, {"JOBHUB_HUB_URL": hub_url}, _WORKER_RUNS)
