"""How scripts reach Redis: over connections that stay at hand, packed by the hub itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from hub.keys import Keys
from hub.redis_service import RedisService
from tests.support.core import Core


def test_script_runs_when_the_server_has_forgotten_it(core: Core) -> None:
    core.submit()
    core.service.redis.script_flush()
    assert core.submit().status == "pending"


def test_call_is_refused_when_arguments_are_missing_or_unknown(service: RedisService) -> None:
    for args in ({}, {"job_type": "a"}, {"job_type": "a", "notes": "{}", "more": 1}):
        with pytest.raises(TypeError, match="mark_unworkable takes"):
            service.run("mark_unworkable", **args)


def test_script_runs_when_the_server_has_closed_the_connection_at_hand(
    core: Core, redis_url: str
) -> None:
    at_hand = core.service.redis.client_id()
    with redis.Redis.from_url(redis_url) as other:
        assert other.client_kill_filter(_id=at_hand) == 1
    assert core.submit().status == "pending"


def test_every_caller_is_served_when_there_are_more_than_connections(
    redis_url: str, namespace: str
) -> None:
    service = RedisService(redis_url, Keys(namespace), connections_max=2)
    try:
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _: service.run("read_counts"), range(200)))
        assert len(replies) == 200
        assert len(service._pool._connections) <= 2
    finally:
        service.close()
