"""A Live page in Chromium, with a Redis, a hub and a dashboard of its own."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from playwright.sync_api import Page, ViewportSize, sync_playwright

from hub.config import load_settings
from hub.embedded import acquire
from tests.support.processes import hub_environ, serving

_SCREEN: Final = ViewportSize(width=1440, height=900)


class Servers(msgspec.Struct, frozen=True):
    """Where everything is."""

    redis_url: str
    hub_url: str
    dashboard_url: str


@contextmanager
def serving_everything(namespace: str) -> Iterator[Servers]:
    """Run an embedded Redis, a hub and a dashboard for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        hub_url, dashboard_url = (f"http://127.0.0.1:{_free_port()}" for _ in range(2))
        with acquire(load_settings({}, {"data_dir": directory})) as server:
            environ = hub_environ(
                server.url,
                namespace,
                Path(directory),
                port=hub_url.rsplit(":", 1)[1],
                hub_url=hub_url,
                dashboard_port=dashboard_url.rsplit(":", 1)[1],
                allowed_origins=dashboard_url,
            )
            with (
                serving("hub", environ=environ) as hub,
                serving("dashboard", environ=environ) as dashboard,
            ):
                assert hub.url and dashboard.url
                yield Servers(server.url, hub_url, dashboard_url)


@contextmanager
def empty_page() -> Iterator[Page]:
    """Open a page in a Chromium without a head for the time of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        yield browser.new_page(viewport=_SCREEN)
        browser.close()


def wait_drawn(page: Page) -> None:
    """Wait until the tables and the charts of the Live page stand."""
    page.locator("#grid-active .ag-header").wait_for()
    page.locator("#chart-utilisation .js-plotly-plot .xtick").first.wait_for()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
