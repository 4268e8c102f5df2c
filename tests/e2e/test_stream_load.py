"""Many events, hidden tabs and long days, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Playwright

from tests.support.devtools import Tab, running_chromium
from tests.support.processes import Server
from tests.support.stream_page import READ_STORE, Screen, StreamServer, difference
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

# A draw that leaves on the screen what the store held at that moment.
_DRAW_COUNTS = """jobhub.store.subscribe("counts", ({ counts, seq }) => {
  document.getElementById("ready").textContent = JSON.stringify({ counts, seq });
});"""


def test_nothing_is_lost_when_events_come_as_fast_as_they_can(
    stream_hub: Server, screen: Screen, traffic: Traffic
) -> None:
    screen.connect(stream_hub.url)
    with traffic.flowing(1_000):
        wait_until(lambda: traffic.moves > 6_000, timeout_s=60)
    screen.wait_equal(stream_hub.url)
    assert screen.status["resyncs"] == 0
    assert screen.status["reconnects"] == 0


def test_hidden_tab_is_right_at_once_when_it_is_shown(
    stream_hub: Server,
    stream_server: StreamServer,
    traffic: Traffic,
    playwright: Playwright,
    tmp_path: Path,
) -> None:
    with running_chromium(playwright, tmp_path / "profile") as browser:
        tab = browser.open(stream_server.url)
        wait_until(lambda: tab.evaluate("!!document.getElementById('ready')"))
        tab.evaluate(_DRAW_COUNTS)
        tab.evaluate(f"jobhub.stream.connect({json.dumps(stream_hub.url)})")
        wait_until(lambda: tab.evaluate("jobhub.stream.status.state") == "live")
        browser.open("about:blank").show()
        wait_until(lambda: tab.evaluate("document.hidden"))
        before = _drawn(tab)
        with traffic.flowing(300):
            wait_until(lambda: traffic.moves > 1_000)
        document = _wait_folded(tab, stream_hub.url)
        assert _drawn(tab) == before  # no animation frame came, but everything was folded
        tab.show()
        shown = tab.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>"
            " done(document.getElementById('ready').textContent))))"
        )
        assert json.loads(shown)["counts"] == document["data"]["counts"]


def test_memory_stays_flat_when_eight_hours_of_events_pass(screen: Screen, page: Page) -> None:
    page.add_script_tag(path=Path(__file__).with_name("long_day.js"))
    page.evaluate("() => { passHours(2) }")
    after_two = _heap_bytes(page)
    page.evaluate("() => { passHours(6) }")
    after_eight = _heap_bytes(page)
    assert page.evaluate("() => jobhub.store.state.seq") == 8 * 3600 * 20
    assert after_eight - after_two < 1_000_000, f"{after_two} bytes became {after_eight}"
    sizes = page.evaluate(
        "() => { const { jobs, log, series, workers } = jobhub.store.state;"
        " return [jobs.size, log.length, series.second.length, workers.size]; }"
    )
    assert sizes[0] <= 5 * 100 + 500
    assert sizes[1:3] == [500, 3600]
    assert sizes[3] <= 1_000


def _drawn(tab: Tab) -> str:
    return str(tab.evaluate("document.getElementById('ready').textContent"))


def _wait_folded(tab: Tab, hub_url: str) -> dict[str, object]:
    last: dict[str, object] = {}

    def folded() -> bool:
        nonlocal last
        shown = tab.evaluate(f"({READ_STORE})()")
        last = httpx.get(f"{hub_url}/api/snapshot").json()
        return not difference(shown, last)

    wait_until(folded, timeout_s=40)
    return last


def _heap_bytes(page: Page) -> int:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used
