"""The dashboard in a browser, as an operator sees and uses it; its console must stay empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.ports import free_port
from tests.support.processes import Server, serving

DEADLINE_MS = 30_000  # the machine may be loaded
# What a page that shows nothing may lack.
_STATE = """async () => {
  const { store, stream, view } = window.jobhub || {};
  const drawn = new Promise((resolve) => requestAnimationFrame(() => resolve("draws frames")));
  const late = new Promise((resolve) => setTimeout(() => resolve("draws no frame"), 3000));
  const asked = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/_dash"));
  return JSON.stringify({
    visibility: document.visibilityState,
    frames: await Promise.race([drawn, late]),
    at: store && store.state.timestamp,
    status: stream && stream.status,
    view: view && view.settings,
    asked: asked.map(({ name, duration }) => [new URL(name).pathname, Math.round(duration)]),
  });
}"""


class LivePage:
    """The Live page of a running dashboard."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.sockets: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("websocket", lambda opened: self.sockets.append(opened.url))
        page.set_default_timeout(DEADLINE_MS)

    def open(self, path: str = "/") -> LivePage:
        """Load the page and wait until its figures and tables stand."""
        self.page.goto(self.url + path)
        self.see(self.tile("workers"), re.compile(r"\d"))
        expect(self.page.locator("#grid-active .ag-header")).to_be_visible(timeout=DEADLINE_MS)
        return self

    def open_page(self, path: str, title: str) -> LivePage:
        """Load another page of the dashboard and wait until it stands."""
        self.page.goto(self.url + path)
        heading = self.page.get_by_role("heading", name=title, exact=True, level=1)
        expect(heading).to_be_attached(timeout=DEADLINE_MS)
        return self

    def connect(self) -> LivePage:
        """Press Connect and wait until the page says that it is live."""
        self.page.get_by_role("button", name="Connect", exact=True).click()
        self.see(self.badge, "Live")
        return self

    def forgive_network(self) -> None:
        """A test that took the hub away expects the browser itself to say so."""
        said_by_browser = ("WebSocket connection to", "Failed to load resource")
        self.complaints = [text for text in self.complaints if not text.startswith(said_by_browser)]

    @property
    def badge(self) -> Locator:
        """The word for how the link is."""
        return self.page.locator("[data-part=badge]")

    @property
    def note(self) -> Locator:
        """As of when, or why not."""
        return self.page.locator("[data-part=note]").first

    def tile(self, name: str) -> Locator:
        """The number of a tile."""
        return self.page.locator(f"[data-tile={name}] [data-part=value]")

    def open_list(self, name: str) -> None:
        """Choose a tab of the job tables."""
        self.page.locator(f"#tab-{name}").click()

    def count(self, list_name: str) -> Locator:
        """The number on a tab."""
        return self.page.locator(f"[data-part=count-{list_name}]")

    def row(self, list_name: str, job_id: str) -> Locator:
        """The row of a job in a table (its part that scrolls; the table must be the open one)."""
        return self.page.locator(f'#grid-{list_name} .ag-row[row-id="{job_id}"]')

    def worker(self, worker_id: str) -> Locator:
        """The entry of a worker."""
        return self.page.locator(f'.worker[data-key="{worker_id}"]')

    def queue(self, job_type: str) -> Locator:
        """The entry of a queue."""
        return self.page.locator(f'.queue[data-key="{job_type}"]')

    def select(self, list_name: str, job_id: str) -> None:
        """Tick the box of a row."""
        self.row(list_name, job_id).locator("input[type=checkbox]").check()

    def read(self, script: str) -> Any:
        """Evaluate an expression in the page."""
        return self.page.evaluate(f"() => ({script})")

    def see(self, place: Locator, text: str | re.Pattern[str] | list[str]) -> None:
        """Wait until a place says something; a list is of several places."""
        try:
            expect(place).to_have_text(text, timeout=DEADLINE_MS)
        except AssertionError as missing:
            banner = self.page.locator("#hub-failure")
            if banner.count():
                missing.add_note(f"The page says: {banner.inner_text()}")
            missing.add_note(f"The page: {self.page.evaluate(_STATE)}")
            raise

    def see_part(self, place: Locator, text: str) -> None:
        """Wait until a place says something among other things."""
        expect(place).to_contain_text(text, timeout=DEADLINE_MS)

    def see_no(self, place: Locator) -> None:
        """Wait until a place is gone."""
        expect(place).to_have_count(0, timeout=DEADLINE_MS)


@contextmanager
def serving_dashboard(data_dir: Path) -> Iterator[Server]:
    """Run a dashboard for a hub that is to come, at the address that it is given."""
    environ = {
        "JOBHUB_HUB_URL": f"http://127.0.0.1:{free_port()}",
        "JOBHUB_DASHBOARD_PORT": "0",
        "JOBHUB_DATA_DIR": str(data_dir),
    }
    with serving("dashboard", environ=environ) as server:
        yield server
