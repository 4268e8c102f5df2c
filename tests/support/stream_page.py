"""A page with nothing but the EventStream component, and what its store holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from dash import Dash, Input, Output, html
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

from dashboard.assets import ASSETS
from dashboard.components.event_stream import EventStream
from dashboard.live_snapshot import SNAPSHOT_PATH
from tests.support.waiting import wait_until

# The store's records in the form of /api/snapshot, in the order on the screen.
READ_STORE = """() => {
  const { state } = jobhub.store;
  const jobs = {};
  for (const [name, list] of Object.entries(state.lists)) {
    jobs[name] = { rows: list.ids.map((id) => state.jobs.get(id)), truncated: list.truncated };
  }
  const { epoch, seq, counts } = state;
  const [workers, queues] = [state.workers, state.queues].map((map) => [...map.values()]);
  return { epoch, seq, counts, jobs, workers, queues };
}"""


# What Dash callbacks are given of the stream.
_SHOW_PROPS = """(status, last_seq) => {
  if (status) window.seen_status = status.state;
  window.seen_seq = last_seq;
  return "seen";
}"""
_STATUS = Input("stream", "status")
_LAST_SEQ = Input("stream", "last_seq")


class StreamServer:
    """Serves the page; its snapshot route reads from `snapshot_hub`."""

    def __init__(self) -> None:
        self.snapshot_hub = ""
        app = Dash("stream_page", assets_folder=str(ASSETS), assets_path_ignore=["^boot$"])
        app.layout = self._layout
        app.clientside_callback(_SHOW_PROPS, Output("ready", "title"), _STATUS, _LAST_SEQ)
        app.server.add_url_rule(SNAPSHOT_PATH, view_func=self._snapshot)
        self._server = make_server(
            "127.0.0.1", 0, app.server, threaded=True, request_handler=_Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _layout(self) -> Any:
        stream = EventStream(id="stream", hub_url="")
        return html.Main([stream, html.P("stream", id="ready")])

    def _snapshot(self) -> Any:
        return httpx.get(f"{self.snapshot_hub}/api/snapshot").json()

    def run(self) -> None:
        """Serve until `stop`."""
        self._server.serve_forever()

    def stop(self) -> None:
        """End."""
        self._server.shutdown()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def serving_stream_page() -> Iterator[StreamServer]:
    """Serve the page for the time of the block."""
    server = StreamServer()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)


class Screen:
    """A browser's page on a `StreamServer`."""

    def __init__(self, page: Page, server: StreamServer) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        page.goto(server.url)
        page.wait_for_selector("#ready", state="attached")

    def connect(self, hub_url: str, **options: str) -> None:
        """Connect as the button does, and wait until the page is live."""
        self.press_connect(hub_url, **options)
        self.wait_state("live")

    def press_connect(self, hub_url: str, **options: str) -> None:
        """Connect as the button does."""
        connect = "([url, options]) => { jobhub.stream.connect(url, options); }"
        self.page.evaluate(connect, [hub_url, options])

    @property
    def status(self) -> Any:
        """The stream's status."""
        return self.page.evaluate("() => jobhub.stream.status")

    def wait_state(self, *states: str, timeout_s: float = 30.0) -> None:
        """Wait until the badge would say one of `states`."""
        wait_until(
            lambda: self.status["state"] in states,
            timeout_s=timeout_s,
            what=f"{states}, not {self.status}",
        )

    def read_store(self) -> Any:
        """What the store holds now."""
        return self.page.evaluate(READ_STORE)

    def wait_equal(self, api_url: str, timeout_s: float = 40.0) -> None:
        """Wait until the store holds exactly what the hub's snapshot says."""
        last = ""

        def equal() -> bool:
            nonlocal last
            shown = self.read_store()
            last = difference(shown, api.get("/api/snapshot").json())
            return not last

        try:
            with httpx.Client(base_url=api_url, timeout=30) as api:
                wait_until(equal, timeout_s=timeout_s)
        except AssertionError:
            told = f"screen and Redis differ: {last}; {self.status}; {self.errors[:3]}"
            raise AssertionError(told) from None
        assert not self.errors, self.errors[:3]


def difference(shown: Any, document: Any) -> str:
    """Say where a store differs from a snapshot; empty when they are equal."""
    data = document["data"]
    for name, found, expected in (
        ("epoch", shown["epoch"], document["epoch"]),
        ("counts", shown["counts"], data["counts"]),
        ("workers", _by_id(shown["workers"]), _by_id(data["workers"])),
        ("queues", _lengths(shown["queues"]), _lengths(data["queues"])),
    ):
        if found != expected:
            return f"{name}: {found} is not {expected}"
    for name, expected in data["jobs"].items():
        found = shown["jobs"][name]
        rows = expected["rows"]
        # A truncated list may be shorter than its window for a while, never other than its head.
        if found["truncated"]:
            rows = rows[: max(len(found["rows"]), len(rows) // 2)]
        if found["rows"] != rows:
            return f"{name}: {_first_other(found['rows'], rows)}"
        if found["truncated"] is False and expected["truncated"]:
            return f"{name}: not truncated on the screen"
    return ""


def _by_id(workers: Any) -> Any:
    return {
        worker["worker_id"]: {k: v for k, v in worker.items() if k != "last_heartbeat_at"}
        for worker in workers
    }


def _lengths(queues: Any) -> Any:
    return {
        queue["job_type"]: (queue["pending"], queue["paused"], queue["oldest_pending_at"])
        for queue in queues
    }


def _first_other(found: list[Any], expected: list[Any]) -> str:
    for place, (row, other) in enumerate(zip(found, expected, strict=False)):
        if row != other:
            return f"row {place}: {row} is not {other}"
    return f"{len(found)} rows are not {len(expected)}"
