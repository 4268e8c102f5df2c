"""A Redis that refuses writes: nothing that is asked of the hub changes a thing, and memory can be freed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.maintenance import Maintenance
from hub.messages import JobProgress, ReportedError
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.core import Core
from tests.support.redis_process import running_redis


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Core]:
    """A core on a Redis of its own, with a finished, a running and a pending job."""
    with running_redis(tmp_path / "redis") as server:
        settings = load_settings({}, {"redis_url": server.url})
        service = RedisService(server.url, Keys("full"))
        parts = (JobBroker, WorkerRegistry, Maintenance)
        core = Core(service, *(part(service, settings) for part in parts), lambda seconds: None)
        core.register(slots=2)
        core.submit()
        done = core.run()
        core.broker.complete("w1", done.job_id, done.fence, b"1")
        core.submit()
        core.submit()
        core.run()
        yield core
        service.close()


def everything(core: Core) -> dict[bytes, Any]:
    """All keys as they are, but for the last time seen."""
    client, meta = core.service.redis, core.service.keys.meta.encode()
    found: dict[bytes, Any] = {key: client.dump(key) for key in client.keys("*") if key != meta}
    found[meta] = {name: v for name, v in client.hgetall(meta).items() if name != b"last_ms"}
    return found


def refused(core: Core) -> list[Callable[[], Any]]:
    running = next(iter(core.service.redis.hgetall(core.service.keys.of("held", "w1")).items()))
    job_id, fence = running[1].decode().split()[0], int(running[0])
    broker, registry = core.broker, core.registry
    return [
        core.submit,
        lambda: broker.claim("w1", 1),
        lambda: broker.progress("w1", JobProgress(job_id=job_id, fence=fence, percent=1)),
        lambda: broker.complete("w1", job_id, fence, b"1"),
        lambda: broker.fail("w1", job_id, fence, ReportedError(type="X")),
        lambda: broker.release("w1", job_id, fence),
        lambda: broker.cancel(job_id, actor="ann"),
        lambda: broker.update(job_id, actor="ann", priority=1),
        lambda: broker.pause("demo", actor="ann"),
        lambda: core.register("w2"),
        lambda: registry.heartbeat("w1", "c-w1", []),
        lambda: registry.goodbye("w1", "c-w1"),
        lambda: registry.set_draining("w1", True, actor="ann"),
        lambda: core.maintenance.run_once(),
    ]


@pytest.mark.parametrize("setting", [("maxmemory", 1), ("min-replicas-to-write", 1)])
def test_nothing_changes_when_redis_refuses_writes(own: Core, setting: tuple[str, int]) -> None:
    before = everything(own)
    own.service.redis.config_set(*setting)
    for attempt in refused(own):
        with pytest.raises(redis.ResponseError):
            attempt()
    after = everything(own)
    assert after == before
    own.service.redis.config_set(setting[0], 0)
    assert own.submit().status == "pending"


def test_old_jobs_are_forgotten_when_redis_is_full(own: Core) -> None:
    done = own.events()[1]["job_id"]
    own.service.redis.hincrby(own.service.keys.meta, "offset_ms", 8 * 86_400_000)
    own.service.redis.config_set("maxmemory", 1)
    with pytest.raises(redis.ResponseError):
        own.maintenance.run_once()
    own.service.redis.config_set("maxmemory", 0)
    last = own.events()[-1]
    assert (last["job_id"], last["reason"]) == (done, "expired")


def test_connections_are_let_in_when_redis_is_full(own: Core) -> None:
    own.service.redis.config_set("maxmemory", 1)
    own.service.close()
    assert own.broker.get(own.events()[1]["job_id"])
