"""What a person submits on the Submit page, and what the page says against it."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.nasty import NASTY
from tests.support.processes import Server
from tests.support.sockets import open_worker

pytestmark = pytest.mark.e2e


@pytest.fixture
def form(live: LivePage) -> LivePage:
    """The page, opened."""
    return live.open_page("/submit", "Submit")


def field(page: LivePage, label: str) -> Locator:
    return page.page.locator(".submit-form:visible").get_by_label(label, exact=True)


def press_submit(page: LivePage) -> None:
    page.page.locator(".submit-form:visible").get_by_role("button", name="Submit").click()


def jobs(api: httpx.Client) -> list[dict[str, object]]:
    return list(api.get("/api/jobs").json()["jobs"])


def test_job_is_submitted_as_written_and_shown_when_the_form_is_sent(
    form: LivePage, live_api: httpx.Client
) -> None:
    field(form, "Job type").fill("resize")
    field(form, "Priority").fill("80")
    field(form, "Payload").fill('{"id": 12345678901234567890, "text": "שלום 🚀"}')
    form.page.get_by_role("button", name="Add a requirement").click()
    form.page.keyboard.type("gpu_memory_gb")
    form.page.get_by_label("Value of requirement 1").fill("24")
    field(form, "When").select_option("delay")
    field(form, "Delay").fill("2")
    form.page.get_by_label("Unit of the delay").select_option("3600")
    form.page.get_by_text("More: customer").click()
    field(form, "Customer").fill("acme")
    field(form, "First wait, s").fill("5")
    form.page.get_by_label("Stay on this page").check()
    press_submit(form)
    link = form.page.locator(".outcome-title").get_by_role("link")
    expect(link).to_be_visible(timeout=DEADLINE_MS)
    job_id = link.inner_text()
    answer = live_api.get(f"/api/jobs/{job_id}")
    job = answer.json()
    assert '"id": 12345678901234567890' in answer.text or '"id":12345678901234567890' in answer.text
    assert job["payload"]["text"] == "שלום 🚀"
    assert job["priority"] == 80
    assert job["requirements"] == {"must": {"gpu_memory_gb": 24}}
    assert job["customer_id"] == "acme"
    assert job["retry"]["base_s"] == 5
    assert job["status"] == "scheduled"
    assert job["run_at"] - job["created_at"] == pytest.approx(7_200_000, abs=5)


def test_page_of_the_job_opens_when_it_is_submitted(form: LivePage, live_api: httpx.Client) -> None:
    field(form, "Job type").fill("resize")
    form.page.keyboard.press("Enter")
    expect(form.page).to_have_url(re.compile(r"/jobs/[a-z0-9]+$"), timeout=DEADLINE_MS)
    [job] = jobs(live_api)
    assert form.page.url.endswith(f"/jobs/{job['job_id']}")
    expect(form.page.get_by_role("heading", level=1)).to_be_attached()


def test_payload_error_names_line_and_column_when_it_is_typed(
    form: LivePage, live_api: httpx.Client
) -> None:
    payload = field(form, "Payload")
    error = form.page.locator(".submit-form:visible .field-payload .field-error")
    for text, said in (
        ('{\n  "a": 1,\n  "b" 2}', "Line 3, column 7: Expected : after the key, found 2"),
        ('{"a": 1, "a": 2}', 'Line 1, column 10: The key "a" is given twice'),
        ("[1, 2", "Line 1, column 1: The [ is never closed"),
        ('{"🚀": tru}', "Line 1, column 7: Expected a value, found t"),
        ("", "Line 1, column 1: There is nothing here"),
    ):
        payload.fill(text)
        form.see(error, said)
    field(form, "Job type").fill("resize")
    press_submit(form)
    expect(payload).to_be_focused()
    payload.fill('{"a": [1, 2.5e3, null, "\\u00e9"]}')
    form.see(error, "")
    assert jobs(live_api) == []


def test_hubs_problem_stands_at_the_field_that_it_names_when_refused(
    form: LivePage, live_api: httpx.Client
) -> None:
    field(form, "Job type").fill("no spaces here")
    press_submit(form)
    form.see_part(
        form.page.locator(".submit-form:visible .field-job_type .field-error"), "matching"
    )
    expect(field(form, "Job type")).to_be_focused()
    field(form, "Job type").fill("resize")
    form.page.get_by_text("More: customer").click()
    field(form, "Workflow priority").fill("70")
    form.page.get_by_text("More: customer").click()
    press_submit(form)
    expect(field(form, "Workflow priority")).to_be_focused()
    form.see_part(
        form.page.locator(".submit-form:visible .field-workflow_priority .field-error"),
        "needs a workflow_id",
    )
    assert jobs(live_api) == []


def test_workers_that_would_take_it_are_named_when_requirements_change(
    form: LivePage, live_hub: Server
) -> None:
    form.connect()
    field(form, "Job type").fill("demo")
    summary = form.page.locator(".match-summary")
    form.see(summary, "No worker is connected: the job would wait")
    with (
        open_worker(live_hub.url, "large", capabilities={"gpu": {"memory_gb": 24}}),
        open_worker(live_hub.url, "small", capabilities={"gpu": {"memory_gb": 8}}),
    ):
        form.see(summary, "2 of 2 connected workers would take it")
        form.page.get_by_role("button", name="Add a requirement").click()
        form.page.get_by_label("Key of requirement 1").fill("gpu.memory_gb")
        form.page.get_by_label("Value of requirement 1").fill("16")
        form.see(summary, "1 of 2 connected workers would take it")
        misfit = form.page.locator('.match-misfits[data-key="small"]')
        form.see_part(misfit, "must.gpu.memory_gb: wants 16, has 8")
        form.page.get_by_label("Value of requirement 1").fill("80")
        form.see_part(summary, "It would wait: no connected worker fits")


def test_batch_is_refused_whole_with_each_error_when_items_are_wrong(
    form: LivePage, live_api: httpx.Client
) -> None:
    form.page.get_by_role("button", name="Batch").click()
    items = ['{"job_type": "a"}', '{"job_type": "b", "priority": 101}', '{"payload": 1}']
    field(form, "Jobs").fill("[\n" + ",\n".join(items) + "\n]")
    press_submit(form)
    outcomes = form.page.locator(".outcome")
    expect(outcomes).to_have_count(2, timeout=DEADLINE_MS)
    form.see_part(outcomes.nth(0), "Job 2, line 3")
    form.see_part(outcomes.nth(0), "priority: Expected")
    form.see_part(outcomes.nth(1), "Job 3, line 4")
    form.see_part(outcomes.nth(1), "job_type")
    assert jobs(live_api) == []
    field(form, "Jobs").fill("[" + items[0] + ", " + items[0].replace("a", "c") + "]")
    press_submit(form)
    form.see(form.page.locator(".outcome-title"), "2 jobs submitted")
    assert len(jobs(live_api)) == 2


def test_each_item_says_its_error_when_the_hub_refuses_some(
    form: LivePage, live_api: httpx.Client
) -> None:
    live_api.post("/api/jobs", json={"job_type": "a", "idempotency_key": "k"})
    form.page.get_by_role("button", name="Batch").click()
    batch = [{"job_type": "b", "idempotency_key": "k"}, {"job_type": "c"}]
    field(form, "Jobs").fill(json.dumps(batch))
    press_submit(form)
    form.see(form.page.locator(".outcome-title"), "1 job submitted, 1 refused")
    form.see_part(form.page.locator(".outcome").nth(0), "idempotency_key")
    expect(form.page.locator(".outcome").nth(1).get_by_role("link")).to_be_visible()


def test_workflow_is_submitted_in_order_when_it_has_steps(
    form: LivePage, live_api: httpx.Client
) -> None:
    form.page.get_by_role("button", name="Workflow").click()
    workflow_id = field(form, "Workflow").input_value()
    field(form, "Priority").fill("90")
    steps = form.page.locator(".step")
    press_submit(form)
    expect(steps.nth(0).get_by_label("Job type")).to_be_focused()
    steps.nth(0).get_by_label("Job type").fill("pack")
    steps.nth(1).get_by_label("Job type").fill("pick")
    form.page.get_by_role("button", name="Move step 2 up").click()
    form.page.get_by_role("button", name="Add a step").click()
    steps.nth(2).get_by_label("Job type").fill("not ok")
    press_submit(form)
    form.see_part(steps.nth(2).locator(".field-job_type .field-error"), "matching")
    assert jobs(live_api) == []
    steps.nth(2).get_by_label("Job type").fill("send")
    press_submit(form)
    form.see(form.page.locator(".outcome-title"), "3 jobs submitted")
    made = live_api.get("/api/jobs", params={"workflow_id": workflow_id}).json()["jobs"]
    found = {job["step_number"]: (job["job_type"], job["priority"]) for job in made}
    assert found == {1: ("pick", 90), 2: ("pack", 90), 3: ("send", 90)}
    assert {job["total_steps"] for job in made} == {3}


def test_text_does_no_harm_when_it_is_nasty(form: LivePage, live_hub: Server) -> None:
    with open_worker(live_hub.url, "w1", capabilities={NASTY[0]: NASTY[4]}):
        field(form, "Job type").fill("demo")
        form.page.get_by_role("button", name="Add a requirement").click()
        form.page.get_by_label("Key of requirement 1").fill(NASTY[0])
        form.page.get_by_label("Value of requirement 1").fill(NASTY[2])
        form.see_part(form.page.locator('.match-misfits[data-key="w1"]'), "<img src=x")
        field(form, "Payload").fill(json.dumps({"text": list(NASTY)}))
        assert form.page.locator(".submit-page img").count() == 0
        assert form.read("typeof window.harmed") == "undefined"
        assert form.read("document.documentElement.scrollWidth <= window.innerWidth")
