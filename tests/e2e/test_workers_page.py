"""What an operator sees and does on the Workers page."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.support.jobs import submit, take
from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.nasty import NASTY
from tests.support.processes import Server
from tests.support.sockets import open_worker

pytestmark = pytest.mark.e2e


def row(live: LivePage, worker_id: str) -> Locator:
    return live.page.locator(f'.fleet-row[data-key="{worker_id}"]')


def test_worker_shows_what_it_has_in_hand_when_it_takes_a_job(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    live.open_page("/workers", "Workers").connect()
    live.see_part(live.page.locator(".fleet-empty"), "No worker has connected yet")
    offers = {"gpu": True, "memory": {"gb": 24}, "codecs": ["av1", "h264"]}
    with open_worker(
        live_hub.url, "box/1", slots=3, capabilities=offers, version="2.1", host="rack-7"
    ) as worker:
        found = row(live, "box/1")
        live.see_part(found, "Idle")
        live.see(found.locator(".chip"), ["gpu", "memory.gb 24", "codecs av1, h264"])
        live.see_part(found, "rack-7")
        live.see_part(found, "2.1")
        job_id = submit(live_api)
        assert take(worker)[0] == job_id
        live.see_part(found, "Busy")
        live.see(found.locator("[data-part=used]"), "1 of 3")
        link = found.locator("[data-part=jobs] a")
        expect(link).to_have_attribute("href", f"/jobs/{job_id}")
    live.see_part(found, "Offline")
    live.see(found.locator("[data-part=heard]"), re.compile(r"^\d s ago|^\d\d s ago"))


def test_worker_drains_when_confirmed_and_goes_on_when_resumed(
    live: LivePage, live_hub: Server
) -> None:
    live.open_page("/workers", "Workers").connect()
    with open_worker(live_hub.url, "w1"):
        drain = row(live, "w1").get_by_role("button", name="Drain w1")
        drain.click()
        live.page.keyboard.press("Escape")
        live.see_no(live.page.get_by_role("dialog"))
        live.see_part(row(live, "w1"), "Idle")
        drain.click()
        live.page.get_by_role("dialog").get_by_role("button", name="Drain", exact=True).click()
        live.see_part(row(live, "w1"), "Draining")
        row(live, "w1").get_by_role("button", name="Resume w1").click()
        live.see_part(row(live, "w1"), "Idle")


def test_rows_are_filtered_ordered_and_laid_out_when_asked(
    live: LivePage, live_hub: Server
) -> None:
    with (
        open_worker(live_hub.url, "small", capabilities={"region": "oslo"}),
        open_worker(live_hub.url, "large", slots=8, capabilities={"region": "bergen"}),
    ):
        live.open_page("/workers", "Workers").connect()
        search = live.page.get_by_role("searchbox", name="Filter workers")
        search.fill("bergen")
        live.see_no(row(live, "small"))
        search.fill("nothing like it")
        live.see_part(live.page.locator(".fleet-empty"), "No worker passes the filter")
        search.fill("")
        live.page.get_by_role("button", name="Offline").click()
        live.see_part(live.page.locator(".fleet-empty"), "No worker passes the filter")
        live.page.get_by_role("button", name="All", exact=True).click()
        live.see_part(row(live, "large"), "0 of 8")
        live.page.get_by_role("button", name="Cards").click()
        expect(live.page.locator(".fleet")).to_have_class(re.compile("is-cards"))
        live.page.reload()
        expect(live.page.locator(".fleet")).to_have_class(
            re.compile("is-cards"), timeout=DEADLINE_MS
        )


@pytest.mark.parametrize("text", NASTY, ids=("html", "formula", "rtl", "emoji", "long"))
def test_worker_does_no_harm_when_what_it_says_is_nasty(
    live: LivePage, live_hub: Server, text: str
) -> None:
    said = text[:200]
    with open_worker(live_hub.url, "w1", version=said, host=said, capabilities={said: [text]}):
        live.open_page("/workers", "Workers")
        live.see_part(row(live, "w1"), said[:20].strip())
        assert live.page.locator(".fleet-row img, .fleet-row b").count() == 0
        assert live.read("document.documentElement.scrollWidth <= window.innerWidth")
        assert live.read("typeof window.harmed") == "undefined"


def test_workers_page_shows_record_lanes_and_jobs_when_they_come_and_end(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    with open_worker(live_hub.url, "box/1", slots=2, capabilities={"gpu": True}) as worker:
        before = submit(live_api)
        worker.send("job_completed", job_id=before, fence=take(worker)[1], result={})
        worker.receive_type("ack")
        live.open_page("/workers", "Workers").connect()
        row(live, "box/1").get_by_role("link", name="box/1").click()
        page = live.page.locator(".worker-page")
        live.see(page.get_by_role("heading", level=1), "box/1")
        expect(live.page).to_have_url(re.compile(r"/workers/box%2F1$"))
        bars = page.locator(".lane-bar")
        expect(bars).to_have_count(1)
        expect(bars).to_have_class(re.compile("lane-completed"))
        running = submit(live_api)
        _, fence = take(worker)
        worker.send("job_started", job_id=running, fence=fence)
        expect(page.locator(".lane-bar.lane-in_progress")).to_have_count(1, timeout=DEADLINE_MS)
        live.see(page.locator("[data-part=slots]"), "1 of 2")
        error = {"type": "Boom", "message": NASTY[0], "retryable": False}
        worker.send("job_failed", job_id=running, fence=fence, error=error)
        live.see_part(page.locator(f'tr[data-key="{running}"]'), "Boom · <img src=x")
        expect(page.locator(".lane-bar.lane-failed")).to_have_count(1, timeout=DEADLINE_MS)
        expect(page.get_by_role("img", name=re.compile("Last hour: 2 jobs"))).to_be_attached()
        expect(page.locator("#analytics-worker-run .main-svg").first).to_be_visible(
            timeout=DEADLINE_MS
        )
    live.see(page.locator("[data-part=status]"), "Offline")
    assert live.read("typeof window.harmed") == "undefined"


def test_page_says_so_when_there_is_no_such_worker(live: LivePage, live_hub: Server) -> None:
    live.page.goto(live.url + "/workers/nobody")
    heading = live.page.get_by_role("heading", level=1, name="No worker nobody")
    expect(heading).to_be_visible(timeout=DEADLINE_MS)
    live.page.get_by_role("link", name="To all workers").click()
    expect(live.page.get_by_role("heading", level=1, name="Workers", exact=True)).to_be_attached()
