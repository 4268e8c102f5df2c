"""A hub's delivery without its sockets: replicator and broadcaster on the test's namespace."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest

from hub.chaos.load import Load
from hub.config import Settings
from hub.redis_service import RedisService
from tests.support.stand import Stand


@pytest.fixture
def open_stand(service: RedisService, settings: Settings) -> Iterator[Callable[..., Stand]]:
    """Start a stand, without monitors, of which some settings are others."""
    with ExitStack() as stack:

        def start(**changed: Any) -> Stand:
            stand = Stand(service, msgspec.structs.replace(settings, **changed))
            stack.callback(stand.stop)
            stand.start()
            return stand

        yield start


@pytest.fixture
def stand(open_stand: Callable[..., Stand]) -> Stand:
    """A running stand, without monitors."""
    return open_stand()


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
