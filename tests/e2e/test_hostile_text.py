"""Text that clients and workers send does no harm on any page, however it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import expect

from dashboard.pages import PAGES
from tests.support.jobs import take
from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.nasty import NASTY
from tests.support.processes import Server
from tests.support.sockets import Peer, open_worker

pytestmark = pytest.mark.e2e

MARKUP: Final = NASTY[0]
LONG_ID: Final = "W" * 200
ODD_ID: Final = "../@:.-_/w"
WIDTHS: Final = (390, 1440)
# Whatever the text would have done, had it become markup; axes of charts are text of SVG.
MARKED_UP: Final = "img[src=x], .js-plotly-plot b, .js-plotly-plot a, #page b"


def submit(api: httpx.Client, **fields: Any) -> str:
    """Submit a job whose every text is as bad as the hub takes it."""
    payload = {text[:100]: text for text in NASTY}
    body = {"job_type": LONG_ID, "customer_id": LONG_ID, "payload": payload, "max_attempts": 1}
    answer = api.post("/api/jobs", json={**body, **fields})
    assert answer.status_code == 201, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


def run(worker: Peer, **outcome: Any) -> None:
    """Take the next job, tell much about it, and end it."""
    job_id, fence = take(worker)
    grant = {"job_id": job_id, "fence": fence}
    worker.send("job_started", **grant)
    worker.send("job_log", **grant, lines=[text[:2000] for text in NASTY])
    worker.send("job_progress", **grant, percent=40, message=MARKUP + NASTY[2])
    if outcome:
        worker.send(**grant, **outcome)
        worker.receive_type("ack")


@pytest.fixture
def hostile(live_hub: Server, live_api: httpx.Client) -> Iterator[dict[str, str]]:
    """Jobs in every state, a worker, a mark and an operator, all hostile; what stands in paths."""
    texts = {text[:100]: text[:2000] for text in NASTY}
    error = {"type": (MARKUP + NASTY[1])[:200], "message": "".join(NASTY), "retryable": False}
    failed = {"type_": "job_failed", "error": {**error, "traceback": "\n".join(NASTY)}}
    operator = {"Jobhub-Actor": "-..@/" + "W" * 95}
    with open_worker(
        live_hub.url,
        LONG_ID,
        (LONG_ID,),
        slots=4,
        capabilities={**texts, "nested": texts},
        version=MARKUP[:200],
        host=NASTY[4][:200],
    ) as worker:
        submit(live_api)
        run(worker, type_="job_completed", result=list(NASTY))
        submit(live_api, workflow_id=LONG_ID, step_number=1, total_steps=2)
        run(worker, **failed)
        running = submit(live_api)
        run(worker)
        submit(live_api, delay_s=3600)
        submit(live_api, job_type=ODD_ID, requirements={"must": {MARKUP[:200]: NASTY[2]}})
        cancelled = submit(live_api, job_type=ODD_ID)
        acts: list[tuple[str, Any]] = [(f"/api/jobs/{cancelled}/cancel", None)]
        acts += [(f"/api/queues/{LONG_ID}/pause", None)]
        acts += [("/api/marks", {"label": text[:200]}) for text in NASTY]
        for path, body in acts:
            live_api.post(path, json=body, headers=operator).raise_for_status()
        yield {"<job_id>": running, "<worker_id>": LONG_ID}


def test_nothing_becomes_markup_and_nothing_sticks_out_on_any_page(
    live: LivePage, hostile: dict[str, str]
) -> None:
    live.page.on("dialog", lambda dialog: live.complaints.append(f"dialog {dialog.message}"))
    for page in PAGES:
        path = page.PATH
        for name, value in hostile.items():
            path = path.replace(name, value)
        live.page.goto(live.url + path)
        expect(live.page.get_by_role("heading", level=1).first).to_be_attached(timeout=DEADLINE_MS)
        live.connect()
        live.see_no(live.page.get_by_text("Loading…", exact=True))
        look(live, path)


def test_live_page_holds_out_when_split_and_in_every_table(
    live: LivePage, hostile: dict[str, str]
) -> None:
    live.open().connect()
    for split, chart in (("By type", LONG_ID), ("By worker", LONG_ID)):
        live.page.get_by_role("button", name=split).click()
        live.see_part(
            live.page.locator("#chart-throughput").locator("xpath=ancestor::section"), chart
        )
        look(live, split)
    for name in ("pending", "scheduled", "completed", "failed", "cancelled"):
        live.open_list(name)
        expect(live.page.locator(f"#grid-{name} .ag-row").first).to_be_visible(timeout=DEADLINE_MS)
        look(live, name)


def look(live: LivePage, where: str) -> None:
    """At both widths: no text ran, became an element, or made the page wider than the screen."""
    for width in WIDTHS:
        live.page.set_viewport_size({"width": width, "height": 900})
        assert live.read("document.documentElement.scrollWidth") <= width, (where, width)
    assert live.read("window.harmed") is None, where
    assert live.page.locator(MARKED_UP).count() == 0, where
