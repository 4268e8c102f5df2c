"""The screen equals Redis after every cut, in a real browser."""

from __future__ import annotations

import random
import threading

import pytest

from tests.support.processes import Server
from tests.support.proxy import Proxy
from tests.support.stream_page import Screen
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


def test_screen_equals_redis_when_jobs_flow(
    stream_hub: Server, screen: Screen, traffic: Traffic
) -> None:
    traffic.submit(150)
    screen.connect(stream_hub.url)
    with traffic.flowing(300):
        wait_until(lambda: traffic.moves > 1_500)
    screen.wait_equal(stream_hub.url)
    assert screen.status["resyncs"] == 0


def test_screen_equals_redis_when_connections_drop_at_random(
    stream_hub: Server, screen: Screen, traffic: Traffic
) -> None:
    chance = random.Random(7)
    pause = threading.Event()
    with Proxy(stream_hub.url) as proxy:
        screen.connect(proxy.url)
        with traffic.flowing(300):
            for _ in range(12):
                pause.wait(chance.uniform(0.05, 0.8))
                proxy.drop()
        screen.wait_state("live")
        screen.wait_equal(stream_hub.url)
        assert screen.status["reconnects"] >= 1
