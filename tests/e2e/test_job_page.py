"""What an operator sees of one job on its page, and does to it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.support.jobs import submit, take
from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.nasty import NASTY
from tests.support.processes import Server
from tests.support.sockets import Peer, open_worker

pytestmark = pytest.mark.e2e

AT_ONCE = {"kind": "fixed", "base_s": 0, "jitter": 0}


def open_job(live: LivePage, job_id: str) -> None:
    """Load the page of a job and wait until everything stands."""
    live.page.goto(f"{live.url}/jobs/{job_id}")
    live.see_part(live.page.get_by_role("heading", level=1), job_id)
    expect(live.page.get_by_text("Loading…")).to_have_count(0, timeout=DEADLINE_MS)


def place(live: LivePage, name: str) -> Locator:
    return live.page.locator(f"[data-part={name}]")


def stage(live: LivePage, status: str) -> Locator:
    return live.page.locator(f".life-stage[data-status={status}]")


def press(live: LivePage, name: str) -> None:
    live.page.get_by_role("button", name=name, exact=True).click()


def start(worker: Peer) -> dict[str, Any]:
    """Take the next job and say so; returns what names the grant."""
    job_id, fence = take(worker)
    worker.send("job_started", job_id=job_id, fence=fence)
    worker.receive_type("ack")
    return {"job_id": job_id, "fence": fence}


def fail(worker: Peer, grant: dict[str, Any], **error: Any) -> None:
    """End an attempt badly."""
    worker.send("job_failed", **grant, error={"type": "Broken", **error})
    worker.receive_type("ack")


def test_page_follows_a_job_from_waiting_to_its_end_when_connected(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    job_id = submit(live_api, payload={"size": 7})
    open_job(live, job_id)
    live.connect()
    live.see_part(place(live, "position"), "1 of 1")
    live.see_part(place(live, "match"), "No connected worker fits")
    live.see_part(place(live, "payload"), '"size": 7')
    with open_worker(live_hub.url) as worker:
        grant = start(worker)
        expect(stage(live, "in_progress")).to_have_attribute("aria-current", "step")
        worker.send(
            "job_progress", **grant, percent=40, message="half of it", current_step=2, of_steps=5
        )
        live.see_part(place(live, "progress"), "half of it · step 2 of 5")
        live.see_part(place(live, "progress"), "40%")
        worker.send("job_log", **grant, lines=["first line", "second line"])
        worker.send("job_progress", **grant, percent=60)
        live.see_part(place(live, "log"), "first line\nsecond line")
        worker.send("job_completed", **grant, result={"files": 3})
        live.see(place(live, "status"), "Completed")
        live.see_part(place(live, "result"), '"files": 3')
        live.see_part(place(live, "attempts"), str(grant["fence"]))
        expect(place(live, "progress")).to_be_hidden()


def test_every_attempt_of_every_run_is_shown_when_it_failed_and_was_retried(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    job_id = submit(live_api, max_attempts=2, retry=AT_ONCE)
    with open_worker(live_hub.url) as worker:
        fail(worker, start(worker), message="no disk", traceback="line one\nline two")
        fail(worker, start(worker), message="no disk", traceback="line one\nline two")
        open_job(live, job_id)
        live.connect()
        live.see(place(live, "status"), "Failed")
        live.see_part(place(live, "error"), "line one\nline two")
        live.see_part(stage(live, "in_progress"), "2 times")
        live.see_part(place(live, "life"), "Back from running: Broken")
        rows = place(live, "attempts").locator("tbody tr")
        expect(rows).to_have_count(2)
        press(live, "Retry")
        start(worker)
        live.see(place(live, "status"), "Running")
        expect(rows).to_have_count(3, timeout=DEADLINE_MS)
        live.see(rows.first.locator("td").nth(0), "2")
        live.see_part(rows.first, "so far")
        live.see_part(rows.last, "Broken")


def test_workers_say_why_they_do_not_fit_when_the_job_waits(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    with (
        open_worker(live_hub.url, "small", capabilities={"gb": 8}),
        open_worker(live_hub.url, "big", capabilities={"gb": 64}),
    ):
        job_id = submit(
            live_api, requirements={"must": {"gb": 128}}, workflow_id="flow", step_number=1
        )
        sibling = submit(
            live_api, requirements={"must": {"gb": 128}}, workflow_id="flow", step_number=2
        )
        open_job(live, job_id)
        live.see_part(place(live, "match"), "wants 128, has 64")
        live.see_part(place(live, "position"), "no connected worker fits it")
        live.see_part(place(live, "requirements"), '"gb": 128')
        link = place(live, "siblings").locator(f'a[href="/jobs/{sibling}"]')
        link.click()
        live.see_part(live.page.get_by_role("heading", level=1), sibling)
        live.see(place(live, "siblings").locator("[aria-current] strong"), "this job")


def test_job_is_cancelled_and_its_priority_changed_when_not_connected(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api)
    open_job(live, job_id)
    press(live, "Priority")
    live.page.get_by_role("dialog").get_by_label("Priority").fill("91")
    live.page.get_by_role("dialog").get_by_role("button", name="Change 1 job").click()
    live.see_part(place(live, "facts"), "91")
    press(live, "Cancel")
    live.page.get_by_role("dialog").get_by_role("button", name="Cancel 1 job").click()
    live.see(place(live, "status"), "Cancelled")
    assert live_api.get(f"/api/jobs/{job_id}").json()["priority"] == 91


def test_scheduled_job_gets_in_line_when_run_now_is_pressed(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api, delay_s=3600)
    open_job(live, job_id)
    live.see_part(place(live, "position"), "Due in 59 min")
    press(live, "Run now")
    live.see(place(live, "status"), "Pending")


def test_new_job_opens_when_one_is_submitted_again_with_edits(
    live: LivePage, live_api: httpx.Client
) -> None:
    # JavaScript would round the number.
    job_id = submit(live_api, payload={"n": 12345678901234567890}, idempotency_key="once")
    open_job(live, job_id)
    press(live, "Submit again")
    form = live.page.get_by_role("dialog").get_by_role("textbox")
    written = form.input_value()
    assert json.loads(written)["payload"] == {"n": 12345678901234567890}
    form.fill(written[:-2])
    live.see_part(live.page.locator("#again-problem"), "Not JSON yet")
    form.fill(written.replace('"priority": 50', '"priority": 500'))
    submit_button = live.page.get_by_role("button", name="Submit as a new job")
    submit_button.click()
    live.see_part(live.page.locator("#again-problem"), "priority: Expected `int` <= 100")
    form.fill(written.replace('"priority": 50', '"priority": 60'))
    submit_button.click()
    live.page.wait_for_url(re.compile(rf"/jobs/(?!{job_id})\w+$"))
    made = live.page.url.rsplit("/", 1)[1]
    live.see_part(live.page.get_by_role("heading", level=1), made)
    job = live_api.get(f"/api/jobs/{made}")
    assert job.json()["priority"] == 60
    assert "12345678901234567890" in job.text


def test_same_job_is_submitted_when_the_copied_command_runs(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api, payload={"it's": "<b>a $HOME `id`</b>"})
    live.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_job(live, job_id)
    press(live, "Copy as curl")
    live.see_part(live.page.locator("#toasts"), "Command copied")
    command = live.page.evaluate("() => navigator.clipboard.readText()")
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30)
    made = json.loads(ran.stdout)["job_id"]
    assert live_api.get(f"/api/jobs/{made}").json()["payload"] == {"it's": "<b>a $HOME `id`</b>"}


def test_page_says_so_when_there_is_no_such_job(live: LivePage, live_api: httpx.Client) -> None:
    live.page.goto(f"{live.url}/jobs/%3Cb%3Enobody")
    live.see_part(place(live, "gone"), "There is no such job")
    place(live, "gone").get_by_role("link", name="Search jobs").click()
    live.page.wait_for_url("**/jobs")


def test_page_says_so_when_its_job_is_purged(live: LivePage, live_api: httpx.Client) -> None:
    job_id = submit(live_api)
    open_job(live, job_id)
    live.connect()
    live_api.post(f"/api/jobs/{job_id}/cancel")
    live.see(place(live, "status"), "Cancelled")
    live_api.post("/api/jobs/bulk", json={"action": "purge", "ids": [job_id]})
    press(live, "Reload")
    live.see_part(place(live, "gone"), "There is no such job")


def test_page_stays_usable_when_the_hub_goes_down(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    job_id = submit(live_api, payload={"size": 7})
    open_job(live, job_id)
    live_hub.stop()
    press(live, "Reload")
    live.see_part(place(live, "gone"), "cannot be reached")
    live.see_part(place(live, "payload"), '"size": 7')


def test_job_page_opens_when_its_id_is_pressed_on_the_live_page(
    live: LivePage, live_api: httpx.Client
) -> None:
    job_id = submit(live_api)
    live.open().connect()
    live.open_list("pending")
    live.row("pending", job_id).locator("a.row-link").click()
    live.see_part(live.page.get_by_role("heading", level=1), job_id)
    live.see(live.badge, "Live")


def test_strings_do_no_harm_when_a_job_holds_anything(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    payload = {str(number): text for number, text in enumerate(NASTY)}
    job_id = submit(live_api, payload=payload, max_attempts=1)
    with open_worker(live_hub.url) as worker:
        grant = start(worker)
        worker.send("job_log", **grant, lines=[text[:500] for text in NASTY])
        worker.send("job_progress", **grant, percent=1, message=NASTY[0][:200])
        fail(worker, grant, message=NASTY[0] + NASTY[2], traceback="\n".join(NASTY))
    open_job(live, job_id)
    live.see_part(place(live, "error"), NASTY[0])
    live.see_part(place(live, "log"), NASTY[2])
    assert live.read("window.harmed") is None
    for width in (390, 820, 1440):
        live.page.set_viewport_size({"width": width, "height": 900})
        assert live.read("document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        live.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations = Axe().run(live.page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []
