"""A real hub for the time of a test: its own process, its own embedded Redis, a directory that goes away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from hub.client import HubClient
from hub.worker import Worker

START_S: Final = 60.0
_STOP_S: Final = 20.0
_URL: Final = re.compile(r"https?://\S+")
_OUTPUT_LINES: Final = 200  # the newest are kept, for the report of a failure


class HubDidNotStart(RuntimeError):
    """The hub ended or did not listen in time; the text is what it said."""


class EmbeddedHub:
    """A hub that runs. `client` talks to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = HubClient(url)


@contextmanager
def running_hub(
    *, data_dir: str | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[EmbeddedHub]:
    """Run a hub on a free port of this machine.

    Args:   data_dir: a temporary one by default. settings: variables such as `JOBHUB_LEASE_S`.
    Raises: HubDidNotStart.
    """
    with tempfile.TemporaryDirectory(prefix="jobhub-test-") as temporary:
        environ = {
            **_without_settings(os.environ),
            "JOBHUB_DATA_DIR": data_dir or temporary,
            "JOBHUB_PORT": "0",
            **(settings or {}),
        }
        with _process(environ) as url:
            hub = EmbeddedHub(url)
            with hub.client:
                yield hub


@contextmanager
def working(worker: Worker, hub: EmbeddedHub) -> Iterator[Worker]:
    """Let a worker work for the hub, whatever address it was made for; ends it afterwards."""
    worker.start(url=hub.url, wait_s=START_S)
    try:
        yield worker
    finally:
        worker.stop(timeout_s=_STOP_S)


@contextmanager
def _process(environ: Mapping[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "hub.cli", "hub"]
    # A session of its own: Ctrl-C ends the tests, and they end the hub.
    with subprocess.Popen(
        command,
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        output = _Output(process)
        try:
            yield output.wait_url(START_S)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
            output.thread.join(_STOP_S)


class _Output:
    """What a process prints; the reader's thread ends with it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: deque[str] = deque(maxlen=_OUTPUT_LINES)
        self._url: str | None = None
        self._known = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def wait_url(self, timeout_s: float) -> str:
        """Wait for the line with the address."""
        self._known.wait(timeout_s)
        if self._url is None:
            raise HubDidNotStart("".join(self._lines) or f"nothing within {timeout_s:g} s")
        return self._url

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            self._lines.append(line)
            found = _URL.search(line)
            if found and self._url is None:
                self._url = found.group(0)
                self._known.set()
        self._known.set()


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("JOBHUB_") and name != "REDIS_URL"
    }
