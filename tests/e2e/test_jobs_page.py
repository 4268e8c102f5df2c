"""What an operator does on the Jobs page: search, sort, page, share, export, act on many."""

from __future__ import annotations

import csv
import io
import re
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from hub.job_broker import JobBroker
from hub.messages import SubmitRequest
from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.processes import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


def submit(api: httpx.Client, job_type: str = "mail", **fields: object) -> str:
    job_id: str = api.post("/api/jobs", json={"job_type": job_type, **fields}).json()["job_id"]
    return job_id


def open_jobs(live: LivePage, query: str = "") -> None:
    """Load the page and wait until its search has ended."""
    live.page.goto(f"{live.url}/jobs{query}")
    settled(live)


def settled(live: LivePage) -> None:
    live.see(foot(live), re.compile("the end|more follow"))


def foot(live: LivePage) -> Locator:
    return live.page.locator("[data-part=foot]")


def ids(live: LivePage) -> list[str]:
    """The jobs on screen, from top to bottom."""
    rows = live.page.locator("#jobs-grid .ag-center-cols-container .ag-row")
    placed = rows.evaluate_all(
        "rows => rows.map(row => [Number(row.getAttribute('row-index')), row.getAttribute('row-id')])"
    )
    return [job_id for _, job_id in sorted(placed)]


def see_jobs(live: LivePage, *job_ids: str) -> None:
    wait_until(lambda: ids(live) == list(job_ids), timeout_s=DEADLINE_MS / 1000)


def press(live: LivePage, name: str) -> None:
    live.page.get_by_role("button", name=name, exact=True).click()


def answer(live: LivePage, name: str) -> None:
    """Press a button of the dialog, as soon as the count is there."""
    live.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_jobs_are_found_when_the_link_holds_the_filter(
    live: LivePage, live_api: httpx.Client
) -> None:
    submit(live_api, priority=10)
    urgent = submit(live_api, priority=90, customer_id="acme")
    cancelled = submit(live_api)
    live_api.post(f"/api/jobs/{cancelled}/cancel")
    open_jobs(live, "?status=pending&priority_min=50")
    see_jobs(live, urgent)
    expect(live.page.get_by_role("button", name="Pending")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(live.page.get_by_label("Priority from")).to_have_value("50")


def test_link_follows_when_the_filter_is_changed(live: LivePage, live_api: httpx.Client) -> None:
    first = submit(live_api, customer_id="acme")
    second = submit(live_api, customer_id="birch")
    open_jobs(live)
    see_jobs(live, second, first)
    live.page.get_by_text("More conditions").click()
    live.page.get_by_label("Customer").fill("acme")
    see_jobs(live, first)
    press(live, "Pending")
    live.page.wait_for_url("**/jobs?status=pending&customer_id=acme")
    export = live.page.get_by_role("link", name="Export CSV").get_attribute("href")
    assert export == "/export/jobs.csv?status=pending&customer_id=acme"
    rows = list(csv.DictReader(io.StringIO(httpx.get(live.url + export).text)))
    assert [row["job_id"] for row in rows] == [first]
    press(live, "Clear")
    live.page.wait_for_url("**/jobs")
    see_jobs(live, second, first)


def test_jobs_of_a_time_are_found_when_it_is_typed(live: LivePage, live_api: httpx.Client) -> None:
    job_id = submit(live_api)
    open_jobs(live)
    live.page.get_by_text("More conditions").click()
    field = live.page.get_by_label("Submitted from")
    field.fill("2099-01-01T00:00:00")
    live.see_part(live.page.locator("[data-part=empty]"), "No job passes this filter")
    field.fill("2020-01-01T00:00:00")
    see_jobs(live, job_id)


def test_field_is_marked_when_the_hub_refuses_it(live: LivePage) -> None:
    live.page.goto(f"{live.url}/jobs?priority_min=300")
    live.see_part(live.page.get_by_role("alert"), "priority_min: Expected `int` <= 100")
    expect(live.page.get_by_label("Priority from")).to_have_attribute("aria-invalid", "true")


def test_hub_sorts_when_a_heading_is_pressed(live: LivePage, live_api: httpx.Client) -> None:
    middle, low, high = (submit(live_api, priority=priority) for priority in (50, 10, 90))
    open_jobs(live)
    heading = live.page.locator(".ag-header-cell[col-id=priority]")
    heading.click()
    see_jobs(live, low, middle, high)
    heading.click()
    see_jobs(live, high, middle, low)
    live.page.wait_for_url("**/jobs?sort=priority&order=desc")
    live.page.reload()
    see_jobs(live, high, middle, low)
    expect(heading).to_have_attribute("aria-sort", "descending")


def test_every_job_is_seen_once_when_paging(live: LivePage, broker: JobBroker) -> None:
    made = [
        broker.submit(SubmitRequest(job_type="mail"), submitted_by="test").job.job_id
        for _ in range(230)
    ]
    open_jobs(live)
    seen: list[str] = []
    for range_text in ("1–100, more follow", "101–200, more follow", "201–230, the end"):
        live.see(foot(live), range_text)
        expect(live.page.locator("#jobs-grid .ag-row").first).to_be_visible(timeout=DEADLINE_MS)
        seen += live.read(
            "(() => { const found = [];"
            " dash_ag_grid.getApi('jobs-grid').forEachNode((node) => found.push(node.id));"
            " return found; })()"
        )
        if len(seen) < len(made):
            press(live, "Next")
    assert sorted(seen) == sorted(made)
    expect(live.page.get_by_role("button", name="Next")).to_be_disabled()
    press(live, "Previous")
    live.see(foot(live), "101–200, more follow")


def test_everything_that_matches_is_cancelled_when_the_count_is_confirmed(
    live: LivePage, live_api: httpx.Client, broker: JobBroker
) -> None:
    for _ in range(130):
        broker.submit(SubmitRequest(job_type="mail"), submitted_by="test")
    other = submit(live_api, "other")
    over = submit(live_api)
    live_api.post(f"/api/jobs/{over}/cancel")
    open_jobs(live, "?job_type=mail")
    press(live, "All that match")
    press(live, "Cancel")
    live.see_part(live.page.get_by_role("dialog"), "131 jobs match the filter.")
    live.see_part(live.page.get_by_role("dialog"), "1 stays as it is")
    later = submit(live_api)  # after the count: not one of those that the person agreed to
    answer(live, "Cancel 130 jobs")
    live.see_part(live.page.locator("#toasts"), "130 jobs cancelled")
    assert live_api.get("/api/stats").json()["counts"]["cancelled"] == 131
    for job_id in (other, later):
        assert live_api.get(f"/api/jobs/{job_id}").json()["status"] == "pending"


def test_only_the_selected_get_a_priority_when_it_is_given(
    live: LivePage, live_api: httpx.Client
) -> None:
    first, second = submit(live_api), submit(live_api)
    open_jobs(live)
    live.page.locator(f'#jobs-grid .ag-row[row-id="{first}"] input[type=checkbox]').check()
    live.see(live.page.locator("[data-part=selected]"), "1 job selected")
    press(live, "Priority")
    live.page.get_by_role("dialog").get_by_label("Priority").fill("77")
    answer(live, "Change 1 job")
    live.see_part(live.page.locator("#toasts"), "1 job changed")
    assert live_api.get(f"/api/jobs/{first}").json()["priority"] == 77
    assert live_api.get(f"/api/jobs/{second}").json()["priority"] == 50


def test_nothing_is_purged_when_the_person_leaves_them(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api)
    live_api.post(f"/api/jobs/{job_id}/cancel")
    open_jobs(live)
    press(live, "All that match")
    press(live, "Purge")
    live.see_part(live.page.get_by_role("dialog"), "1 job match")
    live.page.keyboard.press("Escape")
    live.see_no(live.page.get_by_role("dialog"))
    assert live_api.get(f"/api/jobs/{job_id}").status_code == 200


def test_row_follows_when_its_job_moves(live: LivePage, live_api: httpx.Client) -> None:
    job_id = submit(live_api)
    open_jobs(live)
    live.connect()
    live_api.post(f"/api/jobs/{job_id}/cancel")
    row = live.page.locator(f'#jobs-grid .ag-row[row-id="{job_id}"]')
    live.see_part(row, "Cancelled")


def test_columns_are_remembered_when_chosen(live: LivePage, live_api: httpx.Client) -> None:
    submit(live_api)
    open_jobs(live)
    heading = live.page.locator(".ag-header-cell[col-id=workflow]")
    expect(heading).to_have_count(0)
    live.page.get_by_text("Columns", exact=True).click()
    live.page.get_by_role("checkbox", name="Workflow").check()
    expect(heading).to_have_count(1)
    live.page.reload()
    settled(live)
    expect(heading).to_have_count(1)


def test_strings_of_jobs_do_no_harm_when_shown(live: LivePage, live_api: httpx.Client) -> None:
    nasty = "<img src=x onerror=alert(1)>:@/"
    refused = live_api.post("/api/jobs", json={"job_type": nasty})
    assert refused.status_code == 422
    open_jobs(live, "?q=" + "%3Cb%3E%F0%9F%98%80%D7%A9%D7%9C%D7%95%D7%9D")
    live.see_part(live.page.locator("[data-part=empty]"), "No job passes this filter")
    assert live.page.locator("[data-part=empty] b").count() == 0


def test_page_works_by_keyboard_when_there_is_no_mouse(
    live: LivePage, live_api: httpx.Client
) -> None:
    submit(live_api)
    open_jobs(live)
    live.page.get_by_label("Search").focus()
    live.page.keyboard.press("Tab")
    live.page.keyboard.press("Tab")
    live.page.keyboard.press("Space")
    live.page.wait_for_url("**/jobs?status=pending")
    for width in (390, 820, 1440):
        live.page.set_viewport_size({"width": width, "height": 900})
        assert live.read("document.documentElement.scrollWidth") <= width


def test_filter_is_there_again_when_a_person_comes_back_from_a_job(
    live: LivePage, live_api: httpx.Client
) -> None:
    wanted = submit(live_api, customer_id="acme")
    other = submit(live_api)
    open_jobs(live)
    see_jobs(live, other, wanted)
    live.page.get_by_text("More conditions").click()
    live.page.get_by_label("Customer").fill("acme")
    see_jobs(live, wanted)
    live.page.locator(f'.ag-row[row-id="{wanted}"] [col-id=type]').click()
    live.page.keyboard.press("Enter")
    live.page.wait_for_url(f"**/jobs/{wanted}")
    live.page.go_back()
    live.page.wait_for_url("**/jobs?customer_id=acme")
    see_jobs(live, wanted)
    live.page.locator("#navigation").get_by_role("link", name="Jobs").click()
    live.page.wait_for_url("**/jobs")
    see_jobs(live, other, wanted)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_when_jobs_are_found(
    live: LivePage, live_api: httpx.Client, scheme: Literal["light", "dark"]
) -> None:
    submit(live_api, customer_id="acme")
    live.page.emulate_media(color_scheme=scheme)
    open_jobs(live, "?customer_id=acme")
    expect(live.page.locator("#jobs-grid .ag-row").first).to_be_visible(timeout=DEADLINE_MS)
    press(live, "All that match")
    violations = Axe().run(live.page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []


def test_search_says_so_when_the_hub_is_down(live: LivePage, live_hub: Server) -> None:
    open_jobs(live)
    live_hub.stop()
    press(live, "Reload")
    live.see_part(live.page.get_by_role("alert"), "cannot be reached")
