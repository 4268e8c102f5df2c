"""Redis comes back, whole or without its last second: the screen shows what it holds now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.processes import hub_environ, serving
from tests.support.redis_process import RedisProcess, running_redis
from tests.support.stream_page import Screen, StreamServer
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisProcess]:
    with running_redis(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def own_traffic(own_redis: RedisProcess) -> Iterator[Traffic]:
    settings = load_settings({}, {"redis_url": own_redis.url, "namespace": "own"})
    service = RedisService(own_redis.url, Keys("own"))
    service.redis.ping()
    traffic = Traffic(JobBroker(service, settings), WorkerRegistry(service, settings))
    traffic.register()
    yield traffic
    service.close()


@pytest.mark.parametrize("loss", [False, True], ids=["whole", "without-its-last-second"])
def test_screen_equals_redis_when_redis_comes_back(
    loss: bool,
    own_redis: RedisProcess,
    own_traffic: Traffic,
    stream_server: StreamServer,
    screen: Screen,
    tmp_path: Path,
) -> None:
    env = hub_environ(own_redis.url, "own", tmp_path, allowed_origins=stream_server.url)
    with serving("hub", environ=env) as hub:
        screen.connect(hub.url)
        with own_traffic.flowing(200):
            wait_until(lambda: own_traffic.moves > 400)
            own_redis.save()
            wait_until(lambda: own_traffic.moves > 600)
            before = screen.read_store()["epoch"]
            own_redis.kill()
            if loss:
                own_redis.lose()
            own_redis.start()
            wait_until(lambda: screen.read_store()["epoch"] != before, what="the new epoch")
            done = own_traffic.moves
            wait_until(lambda: own_traffic.moves > done + 200)
        screen.wait_state("live")
        screen.wait_equal(hub.url)
