"""When the stream connects, stays away, polls, and what it says of itself, in a real browser."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, WebSocket

from dashboard.live_snapshot import SNAPSHOT_PATH
from tests.support.processes import Server, serving
from tests.support.proxy import Proxy
from tests.support.stream_page import Screen, StreamServer
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

_LONGER_THAN_ANY_RETRY_MS = 60_000


@pytest.fixture
def movable_time(page: Page) -> None:
    """The clock of the page is one that a test can move."""
    page.clock.install()


def assert_stays_away(screen: Screen) -> None:
    """Let the time of every retry pass: nothing is tried."""
    tried: list[WebSocket] = []
    screen.page.on("websocket", lambda socket: tried.append(socket))
    screen.page.clock.fast_forward(_LONGER_THAN_ANY_RETRY_MS)
    assert screen.status["state"] == "disconnected"
    assert tried == []


@pytest.mark.usefixtures("movable_time")
def test_nothing_reconnects_when_a_person_disconnected(stream_hub: Server, screen: Screen) -> None:
    with Proxy(stream_hub.url) as proxy:
        assert screen.status["state"] == "disconnected"
        assert proxy.accepted == 0
        screen.connect(proxy.url)
        assert proxy.accepted == 1
        screen.page.evaluate("() => jobhub.stream.disconnect()")
        proxy.drop()
        screen.page.evaluate("() => window.dispatchEvent(new Event('online'))")
        assert_stays_away(screen)
        assert proxy.accepted == 1
        assert screen.status["subscribed"] is False


@pytest.mark.usefixtures("movable_time")
def test_stream_stops_and_says_why_when_hub_closes_with_4503(
    stream_hub_env: dict[str, str], screen: Screen
) -> None:
    env = {**stream_hub_env, "JOBHUB_TOKEN": "secret-of-the-test"}
    with serving("hub", environ=env) as hub, Proxy(hub.url) as proxy:
        screen.press_connect(proxy.url)
        screen.wait_state("disconnected")
        assert screen.status["reason"]
        assert_stays_away(screen)
        assert proxy.accepted == 1


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
