"""What an operator sees on the Live page when jobs and workers come, run and go."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.support.jobs import submit, take
from tests.support.live_page import LivePage
from tests.support.processes import Server, succeeding
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


def test_page_shows_the_servers_snapshot_and_opens_no_socket_when_it_loads(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api)
    live.open()
    live.open_list("pending")
    live.see_part(live.row("pending", job_id), "demo")
    live.see(live.badge, "Disconnected")
    live.see(live.note, re.compile(r"as of \d\d:\d\d:\d\d, not live"))
    second = submit(live_api)
    live.see(live.tile("pending"), "1")
    assert live.row("pending", second).count() == 0
    assert live.sockets == []


def test_job_appears_progresses_and_finishes_when_connected(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    live.open().connect()
    live.see(live.count("pending"), "0")
    job_id = submit(live_api)
    live.see(live.count("pending"), "1")
    with open_worker(live_hub.url, "w1") as worker:
        taken, fence = take(worker)
        assert taken == job_id
        worker.send("job_started", job_id=job_id, fence=fence)
        row = live.row("active", job_id)
        live.see_part(row, "Running")
        worker.send("job_progress", job_id=job_id, fence=fence, percent=42, message="half")
        live.see_part(row, "42%")
        worker.send("job_completed", job_id=job_id, fence=fence, result={"ok": True})
        live.see_no(row)
        live.see(live.count("completed"), "1")
        live.open_list("completed")
        live.see_part(live.row("completed", job_id), "w1")
    live.see_part(live.page.locator(".live-log"), "completed on w1")


def test_worker_comes_and_goes_when_it_connects_and_says_goodbye(
    live: LivePage, live_hub: Server
) -> None:
    live.open().connect()
    live.see(live.tile("workers"), "0")
    with open_worker(live_hub.url, "w1", slots=3) as worker:
        live.see_part(live.worker("w1"), "Idle")
        live.see_part(live.worker("w1"), "0/3")
        live.see(live.tile("workers"), "1")
        worker.send("goodbye")
        live.see_part(live.worker("w1"), "Offline")
    live.see(live.tile("workers"), "0")


def test_worker_shows_its_jobs_when_it_is_busy(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    live.open().connect()
    with open_worker(live_hub.url, "w1", slots=2) as worker:
        submit(live_api)
        job_id, fence = take(worker)
        worker.send("job_started", job_id=job_id, fence=fence)
        live.see_part(live.worker("w1"), "Busy")
        live.see_part(live.worker("w1"), "1/2")
        live.see_part(live.worker("w1"), "demo")


def test_jobs_stand_in_processing_order_when_priorities_differ(
    live: LivePage, live_api: httpx.Client
) -> None:
    live.open().connect()
    ids = {priority: submit(live_api, priority=priority) for priority in (10, 90, 50)}
    live.open_list("pending")
    for job_id in ids.values():
        live.see_part(live.row("pending", job_id), "demo")
    rows = live.page.locator("#grid-pending .ag-center-cols-container .ag-row")
    places = {row.get_attribute("row-id"): row.get_attribute("row-index") for row in rows.all()}
    assert [places[ids[priority]] for priority in (90, 50, 10)] == ["0", "1", "2"]


def test_charts_move_on_when_nothing_happens(live: LivePage) -> None:
    live.open().connect()
    ends = "document.querySelector('#chart-throughput .js-plotly-plot')?.layout?.xaxis?.range?.[1] ?? 0"
    first = wait_until(lambda: live.read(ends), timeout_s=30, what="a drawn chart")
    wait_until(lambda: live.read(ends) >= first + 2000, timeout_s=30, what="a later time")


def test_page_is_live_again_and_true_when_the_hub_was_killed_and_came_back(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    live.open().connect()
    submit(live_api)
    live.see(live.count("pending"), "1")
    live_hub.kill()
    live.see(live.badge, "Stale")
    live.see_part(live.note, "since")
    with succeeding(live_hub) as again:
        submit(httpx.Client(base_url=again.url, timeout=30))
        live.see(live.badge, "Live")
        live.see(live.count("pending"), "2")
    live.forgive_network()


def test_page_connects_when_the_url_asks_for_it(live: LivePage) -> None:
    live.open("/?connect=1")
    live.see(live.badge, "Live")


def test_nothing_arrives_when_a_person_disconnected(live: LivePage, live_api: httpx.Client) -> None:
    live.open().connect()
    live.page.get_by_role("button", name="Disconnect", exact=True).click()
    live.see(live.badge, "Disconnected")
    submit(live_api)
    live.see(live.tile("pending"), "0")
    assert len(live.sockets) == 1


def test_view_stands_still_when_paused_and_catches_up_when_resumed(
    live: LivePage, live_api: httpx.Client
) -> None:
    live.open().connect()
    live.page.get_by_role("button", name="Pause", exact=True).first.click()
    live.see_part(live.page.locator(".page-note"), "View paused")
    submit(live_api)
    live.see(live.page.locator(".page-note"), re.compile(r"[1-9]\d* events? behind"))
    live.see(live.tile("pending"), "0")
    live.page.locator(".page-head").get_by_role("button", name="Resume", exact=True).click()
    live.see(live.tile("pending"), "1")


def test_selection_survives_when_other_rows_change(live: LivePage, live_api: httpx.Client) -> None:
    live.open().connect()
    live.open_list("pending")
    job_id = submit(live_api, priority=10)
    live.select("pending", job_id)
    for _ in range(5):
        submit(live_api, priority=90)
    live.see(live.count("pending"), "6")
    live.see(live.page.locator("[data-part=selected]"), "1 job selected")
    live_api.post(f"/api/jobs/{job_id}/cancel")
    live.see(live.page.locator("[data-part=selected]"), "")


def test_charts_show_a_line_each_when_split_by_type_and_by_worker(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    legend = live.page.locator(".chart").first.locator(".legend-split")
    with open_worker(live_hub.url, "w1", ("demo", "mail")) as worker:
        for job_type in ("demo", "mail"):
            submit(live_api, job_type=job_type)
            job_id, fence = take(worker)
            worker.send("job_completed", job_id=job_id, fence=fence, result=None)
            worker.receive_type("ack")
        live.open().connect()
        live.page.get_by_role("button", name="By type").click()
        live.see_part(legend, "demo")
        live.see_part(legend, "mail")
        submit(live_api)
        job_id, fence = take(worker)
        worker.send("job_completed", job_id=job_id, fence=fence, result=None)
        lines = "document.querySelector('#chart-throughput .js-plotly-plot').data"
        total = f"{lines}.flatMap((line) => line.y).reduce((sum, value) => sum + value, 0)"
        wait_until(lambda: live.read(total) * 2 >= 3, timeout_s=30, what="three jobs in 2 s steps")
        live.page.get_by_role("button", name="By worker").click()
        live.see_part(legend, "w1")
        live.open()
        live.see_part(legend, "w1")  # the choice is remembered
        live.page.get_by_role("button", name="All", exact=True).click()
        live.see_part(live.page.locator(".chart").first, "Completed")
