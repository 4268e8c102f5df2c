"""How the Live page stands on screens of every width, in both themes, for every visitor."""

from __future__ import annotations

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.jobs import submit, take
from tests.support.live_page import LivePage
from tests.support.processes import Server, succeeding
from tests.support.sockets import open_worker

pytestmark = pytest.mark.e2e

WIDTHS = (390, 820, 1280, 1440, 2560)


def fill(api: httpx.Client, hub: Server) -> None:
    """Leave a job in every state that a table shows, and a worker."""
    for name in ("done", "wrong", "stopped"):
        submit(api, job_type=name)
    submit(api, job_type="later", delay_s=3600)
    submit(api, job_type="stuck", requirements={"must": {"gpu": True}})
    with open_worker(hub.url, "w1", ("done", "wrong", "stopped")) as worker:
        for _ in range(3):
            job_id, fence = take(worker)
            job_type = api.get(f"/api/jobs/{job_id}").json()["job_type"]
            worker.send("job_started", job_id=job_id, fence=fence)
            if job_type == "done":
                worker.send("job_completed", job_id=job_id, fence=fence, result=None)
            elif job_type == "wrong":
                error = {"type": "Broken", "message": "no disk", "retryable": False}
                worker.send("job_failed", job_id=job_id, fence=fence, error=error)
            else:
                api.post(f"/api/jobs/{job_id}/cancel")


def test_nothing_sticks_out_and_no_tile_stands_alone_at_any_width(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    fill(live_api, live_hub)
    live.open().connect()
    for width in WIDTHS:
        live.page.set_viewport_size({"width": width, "height": 900})
        root = live.read("[document.documentElement.scrollWidth, document.body.clientWidth]")
        assert root[0] <= width, width
        tops = live.read(
            "[...document.querySelectorAll('.tile')].map((box) => Math.round(box.getBoundingClientRect().y))"
        )
        rows = {top: tops.count(top) for top in tops}
        assert len(set(rows.values())) == 1 and min(rows.values()) > 1, (width, rows)


def test_nothing_moves_when_the_page_fills_and_goes_live(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    live.open()
    places = """[...document.querySelectorAll('.panel, .tile, .page-head')].map(
        (box) => { const { x, y, width } = box.getBoundingClientRect();
                   return [x, y, width].map(Math.round); })"""
    before = live.read(places)
    live.connect()
    fill(live_api, live_hub)
    live.see(live.count("completed"), "1")
    assert live.read(places) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_when_the_page_is_full(
    live: LivePage, live_hub: Server, live_api: httpx.Client, scheme: str
) -> None:
    fill(live_api, live_hub)
    live.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    live.open().connect()
    live.open_list("failed")
    found = Axe().run(live.page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_theme_stays_when_chosen_and_loaded_again(live: LivePage) -> None:
    live.page.emulate_media(color_scheme="light")
    live.open()
    theme = "document.documentElement.getAttribute('data-bs-theme')"
    page_colour = "getComputedStyle(document.body).backgroundColor"
    assert live.read(theme) == "light"
    bright = live.read(page_colour)
    live.page.get_by_role("button", name="Dark theme").click()
    assert live.read(theme) == "dark"
    assert live.read(page_colour) != bright
    live.open()
    assert live.read(theme) == "dark"
    live.page.get_by_role("button", name="System theme").click()
    assert live.read(theme) == "light"


def test_page_says_what_is_wrong_and_recovers_when_the_hub_is_down(
    live: LivePage, live_hub: Server
) -> None:
    live_hub.kill()
    live.page.goto(live.url)
    banner = live.page.get_by_role("alert").first
    live.see_part(banner, "cannot be reached")
    live.see(live.tile("pending"), "–")
    live.see_part(live.page.locator(".live-queues"), "No data yet")
    assert "Traceback" not in live.page.content()
    live.page.get_by_role("button", name="Connect", exact=True).click()
    with succeeding(live_hub):
        live.see(live.badge, "Live")
        live.see(live.tile("pending"), "0")
        banner.wait_for(state="hidden")
    live.forgive_network()


def test_figures_come_by_themselves_when_the_hub_answers_again(
    live: LivePage, live_hub: Server
) -> None:
    live_hub.kill()
    live.page.goto(live.url)
    banner = live.page.get_by_role("alert").first
    live.see_part(banner, "cannot be reached")
    with succeeding(live_hub):
        live.see(live.tile("pending"), "0")
        banner.wait_for(state="hidden")
        live.see(live.badge, "Disconnected")
        assert live.sockets == []
    live.forgive_network()


def test_page_leads_back_when_its_address_is_of_none(live: LivePage) -> None:
    live.open_page("/no/such/page", "There is no such page")
    live.page.get_by_role("link", name="To Live").click()
    live.see(live.page.get_by_role("heading", level=1), "Live")


def test_tabs_are_walked_with_the_keyboard_when_focused(live: LivePage) -> None:
    live.open()
    live.page.locator("#tab-active").focus()
    live.page.keyboard.press("ArrowRight")
    tab = live.page.locator("#tab-pending")
    assert tab.get_attribute("aria-selected") == "true"
    assert live.read("document.activeElement.id") == "tab-pending"
    assert live.page.locator("#grid-pending").is_visible()
    assert not live.page.locator("#grid-active").is_visible()


def test_keys_do_what_the_overlay_says_unless_a_person_types(live: LivePage) -> None:
    live.open()
    live.page.keyboard.press("3")
    chosen = live.page.locator("[data-window='900']")
    assert chosen.get_attribute("aria-pressed") == "true"
    live.page.keyboard.press("/")
    live.page.keyboard.type("p1?")
    assert live.page.get_by_role("searchbox").input_value() == "p1?"
    assert chosen.get_attribute("aria-pressed") == "true"
    live.page.locator("h1").click()
    live.page.keyboard.press("?")
    overlay = live.page.get_by_role("dialog", name="Keyboard shortcuts")
    overlay.get_by_label("Shortcuts are on").uncheck()
    live.page.keyboard.press("Escape")
    live.see_no(overlay)
    live.page.keyboard.press("1")
    assert chosen.get_attribute("aria-pressed") == "true"
