"""What a manager does on the Analytics page: read, choose, brush, compare, export, set a promise."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.maintenance import Maintenance
from hub.marks import MarkRequest, Marks
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.history import History, PastJob
from tests.support.processes import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

HOUR_MS = 3_600_000


@pytest.fixture
def past(service: RedisService, redis_url: str, namespace: str) -> list[PastJob]:
    """Forty jobs of two types in the last three hours, five of them failed; told before a hub runs."""
    settings = load_settings(
        {}, {"redis_url": redis_url, "namespace": namespace, "lease_s": 80_000.0}
    )
    start = time.time_ns() // 1_000_000 - 3 * HOUR_MS
    history = History(
        service,
        JobBroker(service, settings),
        WorkerRegistry(service, settings),
        Maintenance(service, settings),
    )
    history.begin(start)
    history.add_worker("w1", 2, ("mail", "<b>bold"))
    jobs = [
        PastJob(
            submit_at=start + number * 240_000,
            run_ms=20_000,
            job_type="mail",
            outcome="failed" if number % 8 == 7 else "completed",
            error="<img src=x onerror=alert(1)> row 7",
        )
        for number in range(40)
    ]
    history.play(jobs)
    history.leave()
    history.settle()
    Marks(service).add(MarkRequest(label="<b>v2</b>", kind="deploy", at=start + HOUR_MS))
    service.redis.hdel(service.keys.meta, "offset_ms")
    return jobs


@pytest.fixture
def analytics(past: list[PastJob], page: Page, dashboard: Server) -> Iterator[Page]:
    """The page, opened on the last six hours; whatever its console says fails the test."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{dashboard.url}/analytics?range=6h", timeout=60_000)
    expect(page.get_by_role("heading", name="Analytics", exact=True)).to_be_visible(timeout=60_000)
    yield page
    assert complaints == []


def tile(page: Page, label: str):
    return page.locator(".tile", has_text=label).locator(".tile-value")


def test_tiles_and_tables_say_what_the_past_was(analytics: Page) -> None:
    expect(tile(analytics, "Completed")).to_have_text("35")
    expect(tile(analytics, "Failure rate")).to_have_text("12.5")
    row = analytics.get_by_role("row", name=re.compile("^mail"))
    expect(row).to_contain_text("35")
    error = analytics.get_by_role("row", name=re.compile("PastError"))
    expect(error).to_contain_text("row <n>")
    expect(analytics.locator(".figures-table img")).to_have_count(0)


def test_charts_are_drawn_and_follow_the_theme(analytics: Page) -> None:
    for name in ("throughput", "wait", "run", "wait-run", "utilisation", "heat", "backlog"):
        drawn = analytics.locator(f"#analytics-{name} .main-svg").first
        expect(drawn).to_be_visible(timeout=30_000)
    line = analytics.locator("#analytics-run .scatterlayer path.js-line").first
    light = line.evaluate("element => getComputedStyle(element).stroke")
    analytics.evaluate("() => window.jobhub.theme.choose('dark')")
    wait_until(lambda: line.evaluate("element => getComputedStyle(element).stroke") != light)


def test_group_is_split_when_it_is_chosen(analytics: Page) -> None:
    analytics.get_by_role("link", name="By worker").click()
    split = analytics.get_by_role("heading", name="Throughput by worker")
    expect(split).to_be_visible(timeout=30_000)
    assert "by=worker" in analytics.url
    analytics.reload()
    expect(split).to_be_visible(timeout=30_000)


def test_range_of_everything_follows_when_a_chart_is_brushed(analytics: Page) -> None:
    drawn = analytics.locator("#analytics-run .scatterlayer path.js-line").first
    expect(drawn).to_be_attached(timeout=30_000)
    plot = analytics.locator("#analytics-run .nsewdrag")
    box = plot.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    analytics.mouse.move(box["x"] + box["width"] * 0.6, middle)
    analytics.mouse.down()
    analytics.mouse.move(box["x"] + box["width"] * 0.9, middle, steps=8)
    analytics.mouse.up()
    expect(analytics).to_have_url(re.compile("from="))
    completed = tile(analytics, "Completed")
    expect(completed).not_to_have_text("35", timeout=30_000)
    export = analytics.get_by_role("link", name="Jobs CSV").get_attribute("href") or ""
    text = analytics.request.get(analytics.url.partition("/analytics")[0] + export).text()
    rows = list(csv.DictReader(io.StringIO(text)))
    done = sum(row["status"] == "completed" for row in rows)
    expect(completed).to_have_text(str(done))


def test_export_holds_the_figures_of_the_screen(analytics: Page) -> None:
    export = analytics.get_by_role("link", name="Figures CSV").get_attribute("href") or ""
    text = analytics.request.get(analytics.url.partition("/analytics")[0] + export).text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(int(row["completed"]) for row in rows) == 35
    assert {row["bucket_s"] for row in rows} == {"60"}


def test_promise_is_kept_when_it_was_set(analytics: Page, live_api: httpx.Client) -> None:
    analytics.get_by_text("Set a promise").click()
    analytics.locator("#analytics-promise-target").fill("30")
    analytics.get_by_role("button", name="Save").click()
    expect(analytics.get_by_text("Saved.")).to_be_visible()
    promise = {"job_type": "mail", "target_ms": 30_000, "objective": 0.95}
    assert live_api.get("/api/slo").json()["slo"] == [promise]
    analytics.reload()
    expect(analytics.locator(".promise-type")).to_have_text("mail")


def test_backlog_says_when_it_ends_with_more_workers(
    analytics: Page, live_api: httpx.Client
) -> None:
    live_api.post("/api/jobs", json={"job_type": "mail"})
    analytics.locator("#analytics-more-workers").fill("3")
    analytics.locator("#analytics-more-workers").press("Enter")
    expect(analytics.locator("#analytics-drain")).to_contain_text("With 3 more workers")


def test_page_says_what_is_wrong_when_the_hub_is_gone(
    analytics: Page, live_hub: Server, dashboard: Server
) -> None:
    live_hub.kill()
    analytics.goto(f"{dashboard.url}/analytics")
    expect(analytics.get_by_role("alert").first).to_contain_text("cannot be reached")


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_page_prints_whole_on_one_sheet_whatever_the_screen(analytics: Page, width: int) -> None:
    analytics.set_viewport_size({"width": width, "height": 900})
    analytics.get_by_role("link", name="By worker").click()
    drawn = analytics.locator("#analytics-groups-run .main-svg").first
    expect(drawn).to_be_visible(timeout=30_000)
    sheets = analytics.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", sheets)) == 1
    analytics.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    widths = analytics.locator(".figure-graph").evaluate_all(
        "all => all.map((graph) => [graph.querySelector('.main-svg').clientWidth, graph.clientWidth])"
    )
    assert all(chart <= place + 1 for chart, place in widths), widths
    analytics.evaluate("() => window.dispatchEvent(new Event('afterprint'))")


def test_paper_is_light_when_the_screen_is_dark(analytics: Page) -> None:
    line = analytics.locator("#analytics-run .scatterlayer path.js-line").first
    expect(line).to_be_attached(timeout=30_000)
    stroke = "element => getComputedStyle(element).stroke"
    light = line.evaluate(stroke)
    analytics.evaluate("() => window.jobhub.theme.choose('dark')")
    wait_until(lambda: line.evaluate(stroke) != light)
    analytics.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert line.evaluate(stroke) == light  # at once: the paper is next
    analytics.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    wait_until(lambda: line.evaluate(stroke) != light)


def test_panel_saves_what_it_shows(analytics: Page) -> None:
    for name, file in (
        ("Throughput", "metrics.csv"),
        ("Job types", "summary.csv"),
        ("Errors", "errors.csv"),
        ("Promises", "promises.csv"),
        ("Backlog", "metrics.csv"),
    ):
        link = analytics.get_by_role("link", name=f"CSV of {name}", exact=True)
        answer = analytics.request.get(
            analytics.url.partition("/analytics")[0] + (link.get_attribute("href") or "")
        )
        assert file in answer.headers["content-disposition"]
        assert answer.text().count("\r\n") >= (1 if file == "promises.csv" else 2), name
