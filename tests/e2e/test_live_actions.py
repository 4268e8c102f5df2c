"""What an operator does on the Live page: cancel, retry, pause, drain, filter, export."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from tests.support.jobs import submit, take
from tests.support.live_page import LivePage
from tests.support.processes import Server
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


def test_jobs_are_cancelled_when_selected_and_confirmed(
    live: LivePage, live_api: httpx.Client
) -> None:
    first, second = submit(live_api), submit(live_api)
    live.open().connect()
    live.open_list("pending")
    live.select("pending", first)
    live.select("pending", second)
    live.page.locator("[data-part=cancel]").click()
    live.page.get_by_role("dialog").get_by_role("button", name="Cancel 2 jobs").click()
    live.see(live.count("cancelled"), "2")
    live.see_part(live.page.locator("#toasts"), "2 jobs cancelled")
    assert live_api.get(f"/api/jobs/{first}").json()["status"] == "cancelled"


def test_nothing_is_cancelled_when_the_question_is_refused(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api)
    live.open().connect()
    live.open_list("pending")
    live.select("pending", job_id)
    live.page.locator("[data-part=cancel]").click()
    live.page.keyboard.press("Escape")
    live.see_no(live.page.get_by_role("dialog"))
    assert live_api.get(f"/api/jobs/{job_id}").json()["status"] == "pending"


def test_job_is_back_in_line_when_retried(live: LivePage, live_api: httpx.Client) -> None:
    job_id = submit(live_api)
    live_api.post(f"/api/jobs/{job_id}/cancel")
    live.open().connect()
    live.open_list("cancelled")
    live.select("cancelled", job_id)
    live.page.locator("[data-part=retry]").click()
    live.see(live.count("pending"), "1")
    assert live_api.get(f"/api/jobs/{job_id}").json()["run"] == 2


def test_queue_stands_still_when_paused_and_goes_on_when_resumed(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    submit(live_api)
    live.open().connect()
    queue = live.queue("demo")
    queue.get_by_role("button", name="Pause demo").click()
    live.see_part(queue, "Paused")
    with open_worker(live_hub.url, "w1") as worker:
        live.see_part(live.worker("w1"), "Idle")
        queue.get_by_role("button", name="Resume demo").click()
        assert take(worker)


def test_worker_takes_nothing_new_when_drained(live: LivePage, live_hub: Server) -> None:
    live.open().connect()
    with open_worker(live_hub.url, "w1"):
        live.worker("w1").get_by_role("button", name="Drain w1").click()
        live.page.get_by_role("dialog").get_by_role("button", name="Drain").click()
        live.see_part(live.worker("w1"), "Draining")
        live.worker("w1").get_by_role("button", name="Resume w1").click()
        live.see_part(live.worker("w1"), "Idle")


def test_hubs_refusal_is_told_when_a_job_ended_meanwhile(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api)
    live.open()  # not live: the page does not know what happens next
    live_api.post(f"/api/jobs/{job_id}/cancel")
    live.open_list("pending")
    live.select("pending", job_id)
    live.page.locator("[data-part=cancel]").click()
    live.page.get_by_role("dialog").get_by_role("button", name="Cancel 1 job").click()
    live.see_part(live.page.locator("#toasts .toast-bad"), job_id)


def test_export_holds_the_jobs_of_the_open_tab_when_pressed(
    live: LivePage, live_api: httpx.Client
) -> None:
    kept, other = submit(live_api), submit(live_api)
    live_api.post(f"/api/jobs/{kept}/cancel")
    live.open()
    live.open_list("cancelled")
    with live.page.expect_download() as download:
        live.page.locator(".toolbar [data-part=export]").click()
    text = download.value.path().read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["job_id"] for row in rows] == [kept]
    assert other not in text


def test_rows_are_filtered_when_typed(live: LivePage, live_api: httpx.Client) -> None:
    wanted, other = submit(live_api, job_type="resize"), submit(live_api, job_type="mail")
    live.open().connect()
    live.open_list("pending")
    live.page.get_by_role("searchbox").fill("resi")
    live.see_no(live.row("pending", other))
    live.see_part(live.row("pending", wanted), "resize")


def test_charts_share_zoom_and_reset_when_dragged(live: LivePage, live_api: httpx.Client) -> None:
    live.open().connect()
    reset = live.page.locator("[data-part=zoom]")
    plot = live.page.locator("#chart-latency .nsewdrag")
    plot.wait_for()
    box = plot.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    live.page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    live.page.mouse.down()
    live.page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=8)
    live.page.mouse.up()
    reset.wait_for(state="visible")
    range_of = "document.querySelector('#chart-{} .js-plotly-plot').layout.xaxis.range"
    wait_until(
        lambda: live.read(range_of.format("latency")) == live.read(range_of.format("throughput"))
    )
    reset.click()
    reset.wait_for(state="hidden")
