"""A hub's delivery without its sockets: replicator and broadcaster on the test's namespace."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.chaos.load import Load
from hub.config import Settings
from hub.redis_service import RedisService
from tests.support.stand import Stand


@pytest.fixture
def stand(service: RedisService, settings: Settings) -> Iterator[Stand]:
    """A running stand, without monitors."""
    stand = Stand(service, settings)
    stand.start()
    yield stand
    stand.stop()


@pytest.fixture
def load(redis_url: str, namespace: str, settings: Settings) -> Iterator[Callable[..., Load]]:
    """Make a load from a seed; it has begun."""
    loads: list[Load] = []

    def make(seed: int, **options: Any) -> Load:
        load = Load(redis_url, namespace, settings, random.Random(seed), **options)
        load.begin()
        loads.append(load)
        return load

    yield make
    for made in loads:
        made.close()
