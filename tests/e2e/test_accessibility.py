"""Every page for everybody: axe-core finds nothing in either theme, wide or narrow; keys get everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import expect

from dashboard.pages import PAGES
from tests.support.axe import violations
from tests.support.jobs import submit, take
from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.processes import Server
from tests.support.sockets import open_worker

pytestmark = pytest.mark.e2e

Theme = Literal["light", "dark"]


@pytest.fixture
def addresses(live_hub: Server, live_api: httpx.Client) -> Iterator[list[str]]:
    """The address of every page, with a worker that runs one job and ended two."""
    with open_worker(live_hub.url, "w1", slots=8, capabilities={"gpu": True}) as worker:
        for outcome in ("completed", "failed"):
            submit(live_api)
            job_id, fence = take(worker)
            error = {"type": "Boom", "message": "no", "retryable": False}
            said = {"result": {}} if outcome == "completed" else {"error": error}
            worker.send(f"job_{outcome}", job_id=job_id, fence=fence, **said)
            worker.receive_type("ack")
        submit(live_api)
        running, fence = take(worker)
        worker.send("job_progress", job_id=running, fence=fence, percent=40)
        for _ in range(5):  # links that stand close to each other
            submit(live_api)
            take(worker)
        submit(live_api, job_type="nobody-takes-it")
        known = {"<job_id>": running, "<worker_id>": "w1"}
        yield [_filled(page.PATH, known) for page in PAGES]


def _filled(path: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        path = path.replace(name, value)
    assert "<" not in path
    return path


# A phone as high as its pages: a grid lays out its cells when it comes into view.
@pytest.mark.parametrize(
    ("theme", "width", "height"),
    [("light", 1440, 1000), ("dark", 390, 3000)],
    ids=["desk", "phone"],
)
def test_axe_finds_nothing_when_it_looks_at_every_page(
    live: LivePage, addresses: list[str], theme: Theme, width: int, height: int
) -> None:
    live.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    live.page.set_viewport_size({"width": width, "height": height})
    found: list[str] = []
    for address in addresses:
        live.page.goto(live.url + address)
        heading = live.page.get_by_role("heading", level=1)
        expect(heading.first).to_be_attached(timeout=DEADLINE_MS)
        live.connect()
        found += [f"{address}: {line}" for line in violations(live.page)]
    assert found == []


def test_axe_finds_nothing_when_forms_show_errors_and_dialogs_are_open(
    live: LivePage, addresses: list[str]
) -> None:
    live.page.emulate_media(reduced_motion="reduce")
    found: list[str] = []
    live.open_page("/submit", "Submit")
    live.page.get_by_role("button", name="Add a requirement").click()
    live.page.get_by_text("More: customer").click()
    form = live.page.locator(".submit-form:visible")
    form.get_by_label("Payload").fill("{")
    form.get_by_role("button", name="Submit").click()
    found += violations(live.page)
    for name in ("Batch", "Workflow"):
        live.page.get_by_role("button", name=name).click()
        live.page.locator(".submit-form:visible").get_by_role("button", name="Submit").click()
        found += violations(live.page)
    live.open_page("/workers", "Workers")
    live.page.get_by_role("button", name="Cards").click()
    found += violations(live.page)
    live.page.get_by_role("button", name="Drain w1").click()
    expect(live.page.get_by_role("dialog")).to_be_visible()
    found += violations(live.page)
    live.page.keyboard.press("Escape")
    live.page.keyboard.press("?")
    expect(live.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    found += violations(live.page)
    assert found == []


def test_pages_are_reached_by_two_keys_unless_a_person_types(live: LivePage) -> None:
    live.open()
    for key, title in (("w", "Workers"), ("s", "Submit"), ("j", "Jobs"), ("a", "Analytics")):
        live.page.keyboard.press("g")
        live.page.keyboard.press(key)
        heading = live.page.get_by_role("heading", level=1, name=title, exact=True)
        expect(heading).to_be_attached(timeout=DEADLINE_MS)
    live.page.keyboard.press("g")
    live.page.keyboard.press("w")
    search = live.page.get_by_role("searchbox", name="Filter workers")
    expect(search).to_be_attached(timeout=DEADLINE_MS)
    live.page.keyboard.press("/")
    expect(search).to_be_focused()
    live.page.keyboard.type("gs")
    expect(search).to_have_value("gs")
    live.page.keyboard.press("Tab")
    live.page.keyboard.press("g")
    live.page.keyboard.press("l")
    expect(live.page.locator("#grid-active")).to_be_visible(timeout=DEADLINE_MS)
