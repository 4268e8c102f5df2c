"""A Chromium driven by its own DevTools protocol: tabs that are really hidden.

Playwright keeps every page visible on purpose (it emulates focus), so animation frames never stop there.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright
from websockets.sync.client import ClientConnection, connect

from tests.support.waiting import wait_until

_numbers = itertools.count(1)


class Tab:
    """A tab of a `DevTools` browser."""

    def __init__(self, browser: DevTools, target: str) -> None:
        self._browser, self._target = browser, target
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def evaluate(self, expression: str) -> Any:
        """Evaluate JavaScript to a JSON value."""
        answer = self._browser.call(
            "Runtime.evaluate",
            self._session,
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def show(self) -> None:
        """Bring it to the front; the others of its window are hidden."""
        self._browser.call("Target.activateTarget", targetId=self._target)


class DevTools:
    """The browser's side of the protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def open(self, url: str) -> Tab:
        """Open a tab in the front."""
        return Tab(self, self.call("Target.createTarget", url=url)["targetId"])

    def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """Call a method and wait for its answer."""
        number = next(_numbers)
        message = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(30))
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(answer["error"])
                return answer["result"]


@contextmanager
def running_chromium(playwright: Playwright, profile: Path) -> Iterator[DevTools]:
    """Run Chromium without Playwright for the time of the block."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    process = subprocess.Popen(
        [
            program or playwright.chromium.executable_path,
            *("--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"),
            *("--no-first-run", "--disable-gpu"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ],
        stderr=subprocess.DEVNULL,
    )
    port_file = profile / "DevToolsActivePort"
    try:
        wait_until(lambda: port_file.exists() and port_file.read_text().count("\n"), timeout_s=60)
        port, path = port_file.read_text().split("\n")[:2]
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as connection:
            yield DevTools(connection)
    finally:
        process.kill()
        process.wait(10)
