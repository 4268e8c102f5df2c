"""When the stream stays away from a hub, in a real browser whose clock passes every retry at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, WebSocket

from tests.support.processes import Server, serving
from tests.support.proxy import Proxy
from tests.support.stream_page import Screen

pytestmark = pytest.mark.e2e

_LONGER_THAN_ANY_RETRY_MS = 60_000


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A context whose clock a test can move; of its own, since the clock stays moved in it."""
    own = browser.new_context()
    own.clock.install()
    yield own
    own.close()


def assert_stays_away(screen: Screen) -> None:
    """Let the time of every retry pass: nothing is tried."""
    tried: list[WebSocket] = []
    screen.page.on("websocket", lambda socket: tried.append(socket))
    screen.page.clock.fast_forward(_LONGER_THAN_ANY_RETRY_MS)
    assert screen.status["state"] == "disconnected"
    assert tried == []


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
