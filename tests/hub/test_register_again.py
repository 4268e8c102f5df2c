"""A worker that registers again is given what it never heard of."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosed

from hub.job_broker import JobBroker
from hub.messages import Register, SubmitRequest
from hub.redis_service import RedisService
from hub.worker_registry import Superseded, WorkerRegistry
from tests.support.core import Core
from tests.support.processes import Server
from tests.support.sockets import open_worker


def test_assignment_comes_again_whole_when_its_worker_registers_before_accepting(
    broker: JobBroker, registry: WorkerRegistry
) -> None:
    register = Register(worker_id="w1", job_types=["demo"])
    registry.register(register, "first")
    broker.submit(SubmitRequest(job_type="demo"), submitted_by="test")
    (given,) = broker.claim("w1", 1)
    (again,) = registry.register(register, "second").assignments
    assert again.fence == given.fence
    assert json.loads(bytes(again.job)) == json.loads(bytes(given.job))


@pytest.mark.parametrize("left", ["nothing", "an earlier connection"])
def test_worker_registers_again_when_redis_came_back_without_its_connection(
    hub: Server, service: RedisService, left: str
) -> None:
    """It was sent away for good (4501), its process ended, and jobs of its type waited for ever."""
    key = service.keys.of("worker", "w1")
    with open_worker(hub.url) as worker:
        if left == "nothing":
            service.redis.delete(key)
        else:
            earlier = int(service.redis.hget(key, "connected_at")) - 1
            service.redis.hset(key, mapping={"connection_id": "earlier", "connected_at": earlier})
        worker.send("heartbeat", held=[])
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                worker.receive(30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4009
    with open_worker(hub.url) as worker:
        worker.send("heartbeat", held=[])
        assert worker.receive_type("heartbeat_ack")["held"] == []


def test_worker_is_superseded_when_a_later_connection_has_its_name(core: Core) -> None:
    core.register(connection="first")
    core.register(connection="second")
    with pytest.raises(Superseded):
        core.registry.heartbeat("w1", "first", [], connected_at=1)
