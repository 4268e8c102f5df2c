"""How the Live page feels: there at once, and still while everything on it moves."""

from __future__ import annotations

from typing import Final

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.first_figures import FIRST_FIGURES
from tests.support.jobs import submit
from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

FIRST_PAINT_MS: Final = 1_500
LOADED: Final = 2  # how much slower a machine is that runs other tests meanwhile
LOADS: Final = 4

# Up to when the charts are drawn, Unix ms.
CHART_END: Final = (
    "(document.querySelector('#chart-throughput .js-plotly-plot')?.layout?.xaxis?.range?.[1] ?? 0)"
)
UNITS: Final = {"tile-unit"}  # one stands behind its number, and moves when that gains a digit
# What moved without a person's doing: the browser's own measure of layout shift (CLS).
SHIFTS: Final = """
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries()) {
        const moved = sources.map(({ node }) => node && (node.className || node.nodeName));
        if (!hadRecentInput) window.shifts.push([value, ...moved]);
      }
    }).observe({ type: "layout-shift", buffered: true });
"""


def test_figures_are_on_the_screen_at_once_when_the_page_is_opened(
    live: LivePage, live_api: httpx.Client
) -> None:
    submit(live_api)
    live.page.add_init_script(FIRST_FIGURES)
    took_ms = []
    for _ in range(LOADS):
        live.open()
        took_ms.append(wait_until(lambda: live.read("window.shownAtMs ?? 0"), timeout_s=30))
    assert min(took_ms) < FIRST_PAINT_MS * LOADED, took_ms


def test_nothing_shifts_while_jobs_come_and_go(live: LivePage, traffic: Traffic) -> None:
    live.page.add_init_script(SHIFTS)
    live.open("/?split=job_type&window=60")
    live.connect()
    with traffic.flowing(60):
        first = wait_until(lambda: live.read(CHART_END), timeout_s=30, what="a drawn chart")
        live.page.evaluate("() => { window.shifts.length = 0; }")  # the click's, and of the load
        wait_until(lambda: live.read(CHART_END) >= first + 5_000, timeout_s=60, what="five seconds")
    assert [moved for _, *moved in live.read("window.shifts") if set(moved) != UNITS] == []


def test_scroll_zoom_and_time_cursor_stay_when_rows_and_figures_come(
    live: LivePage, live_api: httpx.Client
) -> None:
    for _ in range(40):
        submit(live_api, priority=90)
    live.open().connect()
    live.open_list("pending")
    viewport = live.page.locator("#grid-pending .ag-body-viewport")
    expect(viewport.locator(".ag-row").first).to_be_visible(timeout=DEADLINE_MS)
    viewport.evaluate("(element) => { element.scrollTop = 400; }")
    zoom = live.read(f"[{CHART_END} - 60_000, {CHART_END} - 30_000]")
    live.page.evaluate("(zoom) => jobhub.view.setZoom(zoom)", zoom)
    live.page.locator("#chart-throughput").hover()
    before = live.read("jobhub.store.state.series.second.length")
    for _ in range(10):
        submit(live_api, priority=10)
    live.see(live.count("pending"), "50")
    wait_until(lambda: live.read("jobhub.store.state.series.second.length") > before, timeout_s=30)
    assert viewport.evaluate("(element) => element.scrollTop") == 400
    assert live.read(CHART_END) == zoom[1]
    cursors = live.page.locator(".chart-cursor-time")
    times = cursors.all_inner_texts()
    expect(cursors).to_have_count(3)
    assert len(set(times)) == 1 and times[0], times


def test_table_is_two_stops_of_the_keyboard_and_opens_a_job(
    live: LivePage, live_api: httpx.Client
) -> None:
    older, newer = submit(live_api), submit(live_api)
    live.open()
    live.open_list("pending")
    live.see_part(live.row("pending", newer), "demo")
    live.page.locator("#rows-pending [col-id=job].ag-header-cell").focus()
    live.page.keyboard.press("Tab")
    focused = "document.activeElement.closest('[row-id]')?.getAttribute('row-id')"
    assert live.read(focused) == older
    live.page.keyboard.press("Space")
    live.see(live.page.locator("[data-part=selected]"), "1 job selected")
    live.page.keyboard.press("Tab")
    assert not live.read("document.activeElement.closest('.live-jobs')")
    live.page.keyboard.press("Shift+Tab")
    live.page.keyboard.press("ArrowDown")
    live.page.keyboard.press("Enter")
    live.see_part(live.page.get_by_role("heading", level=1), newer)
