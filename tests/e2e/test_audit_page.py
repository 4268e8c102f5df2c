"""What the Audit page tells of what operators did."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.support.jobs import submit
from tests.support.live_page import DEADLINE_MS, LivePage
from tests.support.processes import Server
from tests.support.sockets import open_worker

pytestmark = pytest.mark.e2e

PAGE = 50  # entries that are read at a time


def act(api: httpx.Client, path: str, actor: str = "ann") -> None:
    api.post(path, headers={"Jobhub-Actor": actor}).raise_for_status()


def rows(live: LivePage) -> Locator:
    return live.page.locator(".audit-table tbody tr")


def test_actions_stand_as_sentences_with_who_did_what_to_what(
    live: LivePage, live_hub: Server, live_api: httpx.Client
) -> None:
    job_id = submit(live_api)
    act(live_api, f"/api/jobs/{job_id}/cancel")
    act(live_api, "/api/queues/demo/pause", actor="bob")
    with open_worker(live_hub.url, "w1"):
        act(live_api, "/api/workers/w1/drain")
    live_api.post("/api/marks", json={"label": "Deploy 7", "kind": "deploy"})
    live.open_page("/audit", "Audit")
    deeds = (
        ("set a mark", "Deploy 7"),
        ("drained", "w1"),
        ("paused", "demo"),
        ("cancelled", "1 job"),
    )
    for row, words in enumerate(deeds):
        for word in words:
            live.see_part(rows(live).nth(row), word)
    live.see_part(rows(live).nth(2), "bob")
    link = rows(live).nth(3).get_by_role("link")
    expect(link).to_have_attribute("href", f"/jobs/{job_id}")
    link.click()
    live.see_part(live.page.get_by_role("heading", level=1), job_id)


def test_action_appears_when_somebody_acts_while_the_page_is_live(
    live: LivePage, live_api: httpx.Client
) -> None:
    live.open_page("/audit", "Audit").connect()
    live.see_part(live.page.locator(".audit-empty"), "Nobody has done anything yet")
    submit(live_api)
    act(live_api, "/api/queues/demo/pause")
    live.see_part(rows(live).first, "paused")
    act(live_api, "/api/queues/demo/resume")
    live.see_part(rows(live).first, "resumed")
    expect(rows(live)).to_have_count(2)


def test_older_actions_come_page_by_page_and_all_of_them_as_csv(
    live: LivePage, live_api: httpx.Client
) -> None:
    submit(live_api)
    for _ in range(PAGE // 2 + 5):
        act(live_api, "/api/queues/demo/pause")
        act(live_api, "/api/queues/demo/resume")
    live.open_page("/audit", "Audit")
    expect(rows(live)).to_have_count(PAGE, timeout=DEADLINE_MS)
    older = live.page.get_by_role("button", name="Older")
    older.click()
    expect(rows(live)).to_have_count(PAGE + 10, timeout=DEADLINE_MS)
    expect(older).to_be_disabled()
    live.see_part(live.page.locator("[data-part=foot]"), "60 actions, the end")
    with live.page.expect_download() as download:
        live.page.get_by_role("link", name="Export CSV").click()
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == PAGE + 10 + 1
