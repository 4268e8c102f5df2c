"""Real servers for every test: one Redis a session, one namespace a test."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import httpx
import pytest

from hub.config import Settings, load_settings
from hub.embedded import acquire
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.maintenance import Maintenance
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.core import Core
from tests.support.processes import Server, hub_environ, serving_hub

_numbers = itertools.count(1)

# What starts commands: fixtures that a test asks for, and functions that its module holds.
_STARTING_FIXTURES = {"hub", "short_lease_hub", "start_holder", "guarded"}
_STARTERS = {"serving", "serving_hub", "succeeding", "run_jobhub", "guarded_hub", "running_redis"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that starts a command of the product: who wants the quick ones leaves out `e2e`."""
    for item in items:
        module = vars(item.module) if isinstance(item, pytest.Function) else {}
        if _STARTING_FIXTURES & set(getattr(item, "fixturenames", ())) or _STARTERS & module.keys():
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what was skipped on CI: there every program that a test needs is installed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true forbids: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a whole module that was skipped on CI."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true forbids: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def no_loop_is_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide the loop that Playwright leaves running between its calls: `asyncio.run` refuses beside it.

    A test without a browser may follow one with a browser in the same process.
    """
    if "playwright" in request.fixturenames:
        yield
        return
    left = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(left)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running embedded server."""
    directory = tmp_path_factory.mktemp("redis")
    with acquire(load_settings({}, {"data_dir": str(directory)})) as server:
        yield server.url


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test uses."""
    return f"t{next(_numbers)}"


@pytest.fixture
def settings(redis_url: str, namespace: str) -> Settings:
    """Settings on the session's server."""
    return load_settings({}, {"redis_url": redis_url, "namespace": namespace})


@pytest.fixture
def service(redis_url: str, namespace: str) -> Iterator[RedisService]:
    """Scripts on the session's server."""
    service = RedisService(redis_url, Keys(namespace))
    service.redis.ping()
    yield service
    service.close()


@pytest.fixture
def broker(service: RedisService, settings: Settings) -> JobBroker:
    """A broker in the test's namespace."""
    return JobBroker(service, settings)


@pytest.fixture
def registry(service: RedisService, settings: Settings) -> WorkerRegistry:
    """A registry in the test's namespace."""
    return WorkerRegistry(service, settings)


@pytest.fixture
def maintenance(service: RedisService, settings: Settings) -> Maintenance:
    """Maintenance in the test's namespace; the test runs it."""
    return Maintenance(service, settings)


@pytest.fixture
def pass_time(service: RedisService) -> Callable[[float], None]:
    """Move the clock of the scripts forward by seconds."""

    def move(seconds: float) -> None:
        service.redis.hincrby(service.keys.meta, "offset_ms", int(seconds * 1000))

    return move


@pytest.fixture
def core(
    service: RedisService,
    broker: JobBroker,
    registry: WorkerRegistry,
    maintenance: Maintenance,
    pass_time: Callable[[float], None],
) -> Core:
    """The core in the test's namespace, with shorthand for one client and many workers."""
    return Core(service, broker, registry, maintenance, pass_time)


@pytest.fixture
def hub_env(redis_url: str, namespace: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a hub in the test's namespace."""
    return hub_environ(redis_url, namespace, tmp_path)


@pytest.fixture
def hub(hub_env: dict[str, str]) -> Iterator[Server]:
    """A hub process in the test's namespace."""
    with serving_hub(hub_env) as server:
        yield server


@pytest.fixture
def api(hub: Server) -> Iterator[httpx.Client]:
    """An HTTP client of the hub."""
    with httpx.Client(base_url=hub.url, timeout=30) as client:
        yield client
