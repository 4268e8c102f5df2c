"""A real Chromium, the one of the system where there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page

from hub.job_broker import JobBroker
from hub.worker_registry import WorkerRegistry
from tests.support.live_page import LivePage, serving_dashboard
from tests.support.processes import Server, serving_hub
from tests.support.stream_page import Screen, StreamServer, serving_stream_page
from tests.support.traffic import Traffic


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the system's Chromium; root cannot have Chromium's sandbox."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    chosen = {"executable_path": found} if found else {}
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, **chosen, "args": sandbox}


@pytest.fixture(scope="session")
def base_url() -> None:
    """No page is relative to another; pytest-base-url's own fixture warns under pytest 9."""


@pytest.fixture(scope="session")
def profile(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    browser_context_args: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[BrowserContext]:
    """One profile for all tests: what it compiled once halves the time that a page takes to load."""
    context = browser_type.launch_persistent_context(
        tmp_path_factory.mktemp("profile"), **browser_type_launch_args, **browser_context_args
    )
    yield context
    context.close()


@pytest.fixture
def context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """The profile; what pages left in it is gone afterwards, but for the cache of scripts."""
    blank = profile.pages[0]
    yield profile
    devtools = profile.new_cdp_session(blank)
    for page in [page for page in profile.pages if page != blank]:
        address = urlsplit(page.url)
        origin = f"{address.scheme}://{address.netloc}"
        page.close()
        if address.netloc:
            devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    devtools.detach()
    profile.clear_cookies()
    profile.clear_permissions()


@pytest.fixture(scope="session")
def shared_stream_server() -> Iterator[StreamServer]:
    """The page with nothing but the component, at one address for all tests."""
    with serving_stream_page() as server:
        yield server


@pytest.fixture
def stream_server(shared_stream_server: StreamServer) -> StreamServer:
    """The same, as if it had just started."""
    shared_stream_server.snapshot_hub = ""
    return shared_stream_server


@pytest.fixture
def stream_hub_env(hub_env: dict[str, str], stream_server: StreamServer) -> dict[str, str]:
    """A hub that takes the page's connections."""
    return {**hub_env, "JOBHUB_ALLOWED_ORIGINS": stream_server.url}


@pytest.fixture
def stream_hub(stream_hub_env: dict[str, str]) -> Iterator[Server]:
    """A running one."""
    with serving_hub(stream_hub_env) as server:
        yield server


@pytest.fixture
def screen(page: Page, stream_server: StreamServer) -> Screen:
    """The page in the browser, not connected."""
    return Screen(page, stream_server)


@pytest.fixture
def traffic(broker: JobBroker, registry: WorkerRegistry) -> Traffic:
    """Jobs that come and go in the test's namespace."""
    made = Traffic(broker, registry)
    made.register()
    return made


@pytest.fixture(scope="session")
def shared_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard process for the hubs of all tests, which take turns at one address."""
    with serving_dashboard(tmp_path_factory.mktemp("dashboard")) as server:
        yield server


@pytest.fixture
def live_env(hub_env: dict[str, str], shared_dashboard: Server) -> dict[str, str]:
    """A hub at the address that the dashboard knows, which takes its pages' connections."""
    hub_url = shared_dashboard.environ["JOBHUB_HUB_URL"]
    return {
        **hub_env,
        "JOBHUB_PORT": hub_url.rpartition(":")[2],
        "JOBHUB_DASHBOARD_PORT": shared_dashboard.url.rpartition(":")[2],
    }


@pytest.fixture
def live_hub(live_env: dict[str, str]) -> Iterator[Server]:
    """The hub of the dashboard."""
    with serving_hub(live_env) as server:
        yield server


@pytest.fixture
def live_api(live_hub: Server) -> Iterator[httpx.Client]:
    """An HTTP client of that hub."""
    with httpx.Client(base_url=live_hub.url, timeout=30) as client:
        yield client


@pytest.fixture
def dashboard(live_hub: Server, shared_dashboard: Server) -> Server:
    """The dashboard, with this test's hub behind it."""
    return shared_dashboard


@pytest.fixture
def live(page: Page, dashboard: Server) -> Iterator[LivePage]:
    """The Live page, not opened yet; whatever its console says fails the test."""
    live = LivePage(page, dashboard.url)
    yield live
    assert live.complaints == []
