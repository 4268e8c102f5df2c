"""When the stream connects and polls, and what it says of itself, in a real browser."""

from __future__ import annotations

import httpx
import pytest

from dashboard.live_snapshot import SNAPSHOT_PATH
from tests.support.processes import Server, serving
from tests.support.proxy import Proxy
from tests.support.stream_page import Screen, StreamServer
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


def test_screen_equals_redis_by_polling_when_websockets_are_blocked(
    stream_hub: Server, stream_server: StreamServer, screen: Screen, traffic: Traffic
) -> None:
    traffic.submit(30)
    stream_server.snapshot_hub = stream_hub.url
    with Proxy(None) as blocked:
        screen.connect(blocked.url, snapshotUrl=SNAPSHOT_PATH)
        assert screen.status["transport"] == "polling"
        traffic.submit(30)
        screen.wait_equal(stream_hub.url)
        blocked.lead_to(stream_hub.url)
        wait_until(lambda: screen.status["transport"] == "events", timeout_s=40)
        traffic.submit(30)
        screen.wait_equal(stream_hub.url)
        screen.wait_state("live")


def test_old_full_push_is_labelled_polling_when_asked_for(
    stream_hub_env: dict[str, str], screen: Screen, traffic: Traffic
) -> None:
    traffic.submit(10)
    with serving("hub", environ={**stream_hub_env, "JOBHUB_STATS_BROADCAST": "on"}) as hub:
        screen.connect(hub.url, transport="polling")
        assert screen.status["transport"] == "polling"
        counts = httpx.get(f"{hub.url}/api/snapshot").json()["data"]["counts"]
        assert screen.read_store()["counts"] == counts


def test_latency_and_clock_are_known_when_events_come(
    stream_hub: Server, screen: Screen, traffic: Traffic
) -> None:
    screen.connect(stream_hub.url)
    offset = "() => jobhub.store.state.clockOffsetMs"  # a heartbeat each 10 s, the first by a page that loads
    wait_until(lambda: abs(screen.page.evaluate(offset)) < 1000, timeout_s=45)
    with traffic.flowing(50):
        latency_ms = wait_until(lambda: screen.status["latencyMs"], what="a latency")
    assert 0 < latency_ms < 2_000


def test_dash_gets_the_status_and_the_seq_when_they_change(
    stream_hub: Server, screen: Screen, traffic: Traffic
) -> None:
    screen.connect(stream_hub.url)
    traffic.submit(3)
    read = "() => [window.seen_status, window.seen_seq]"
    wait_until(lambda: screen.page.evaluate(read)[0] == "live")
    wait_until(lambda: screen.page.evaluate(read)[1] >= 3)
