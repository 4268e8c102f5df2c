"""How fast are figures of 90 days, loaded through the real scripts, and what do they weigh?

    python -m bench.analytics [--days 90] [--jobs 3] [--kept DIRECTORY]

A past is played on the test clock (bench/past.py), or taken from a directory that holds one. Then a hub
answers what the Analytics page asks, the dashboard's own code builds the page, and Chromium goes to it from
another range until every chart is drawn. Medians of five in ms; of the browser's nine the highest, too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from dash.development.base_component import Component
from playwright.sync_api import Page, sync_playwright

from bench.past import Past, Stand, standing
from dashboard.analytics.panels import panels
from dashboard.analytics.report import read_report
from dashboard.analytics.timespan import PRESETS, read_timespan
from dashboard.hub_client import HubApi
from hub.redis_service import RedisService
from tests.support.processes import serving

TURNS: Final = 5
BROWSER_TURNS: Final = 9
CHOSEN: Final = ("15m", "24h", "7d", "30d", "90d")
BAR_MS: Final = 1_000
ROUTES: Final = (
    ("series", "/api/metrics/series", {}),
    ("series by type", "/api/metrics/series", {"group_by": "job_type"}),
    ("series by the hour, every column", "/api/metrics/series", {"step": 3_600}),
    ("busy hours", "/api/metrics/series", {"step": 3_600, "columns": "busy_ms,offered_ms"}),
    ("summary by type", "/api/metrics/summary", {"group_by": "job_type"}),
    ("summary by worker", "/api/metrics/summary", {"group_by": "worker"}),
    ("errors", "/api/errors", {}),
    ("metrics.csv by type", "/api/export/metrics.csv", {"group_by": "job_type", "step": 900}),
)
# Goes to another range and gives the ms until every chart of it is drawn and painted.
_OPEN: Final = """async (search) => {
  const graphs = () => [...document.querySelectorAll('.analytics .js-plotly-plot')];
  const before = document.querySelector('.analytics-head p').textContent;
  const drawn = new Set();
  const watch = (graph) => {
    graph.watched = true;
    graph.removeAllListeners('plotly_afterplot');
    graph.on('plotly_afterplot', () => drawn.add(graph));
  };
  graphs().forEach(watch); // these draw the next figure
  const started = performance.now();
  window.jobhub.navigation.go('/analytics' + search);
  const all = () => {
    const head = document.querySelector('.analytics-head p')?.textContent;
    if (!head || head === before) return false;
    for (const graph of graphs()) {
      if (graph.watched || !graph.on) continue;
      watch(graph);
      drawn.add(graph); // new on the page, with its figure
    }
    return graphs().length >= 7 && graphs().every((graph) => drawn.has(graph));
  };
  while (!all()) {
    if (performance.now() - started > 60000) throw new Error('not drawn within a minute');
    await new Promise(requestAnimationFrame);
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - started;
}"""


def median_ms(act: Callable[[], object]) -> float:
    """The median of five runs in ms."""
    times = []
    for _ in range(TURNS):
        started = time.perf_counter()
        act()
        times.append((time.perf_counter() - started) * 1_000)
    return statistics.median(times)


def routes(stand: Stand) -> Iterator[tuple[str, list[float]]]:
    """What a hub takes for each route and range."""
    now_ms = time.time_ns() // 1_000_000
    with httpx.Client(base_url=stand.hub_url, timeout=60) as client:
        for name, path, query in ROUTES:
            times = []
            for preset in CHOSEN:
                asked = {**query, "from": now_ms - PRESETS[preset][1]}
                times.append(
                    median_ms(lambda p=path, q=asked: client.get(p, params=q).raise_for_status())
                )
            yield name, times


def server_side(stand: Stand, by: str) -> list[float]:
    """What the dashboard's server takes to build the page: all that it asks, pandas, figures, JSON."""
    hub = HubApi(stand.hub_url)

    def build(preset: str) -> list[Component]:
        span = read_timespan(
            {"range": preset, "by": by}, time.time_ns() // 1_000_000, "Europe/Berlin"
        )
        built = panels(read_report(hub, span))
        for component in built:
            component.to_plotly_json()
        return built

    times = [median_ms(lambda p=preset: build(p)) for preset in CHOSEN]
    hub.close()
    return times


@contextmanager
def opened(stand: Stand) -> Iterator[Page]:
    """The page in Chromium, on the last hour."""
    environ = {"JOBHUB_HUB_URL": stand.hub_url, "JOBHUB_DASHBOARD_PORT": "0"}
    with (
        tempfile.TemporaryDirectory() as directory,
        serving("dashboard", environ={**environ, "JOBHUB_DATA_DIR": directory}) as dashboard,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{dashboard.url}/analytics?range=1h")
        page.wait_for_selector("#analytics-backlog .main-svg", timeout=120_000, state="attached")
        yield page
        browser.close()


def in_browser(page: Page, by: str) -> list[list[float]]:
    """From the click to the last chart, ranges in turn so that each is new."""
    times: dict[str, list[float]] = {preset: [] for preset in CHOSEN}
    for _ in range(BROWSER_TURNS):
        for preset in CHOSEN:
            times[preset].append(page.evaluate(_OPEN, f"?range={preset}&by={by}"))
    return list(times.values())


def weights(service: RedisService) -> Iterator[tuple[int, str, int, float]]:
    """What a row takes, keys included: its step, its kind of group, how many there are, bytes each."""
    for step_s in (1, 60, 900, 3_600, 86_400):
        rows, held = Counter[str](), Counter[str]()
        for key in service.redis.scan_iter(service.keys.of("sealed", f"{step_s}:*"), 1_000):
            kind = key.split(b":")[4].decode()
            rows[kind] += service.redis.hlen(key)
            held[kind] += service.redis.memory_usage(key, 0)
        for kind in sorted(rows):
            yield step_s, kind, rows[kind], held[kind] / rows[kind]


def show(name: str, times: Iterable[float]) -> None:
    """Print a row of the table."""
    print(f"| {name} | " + " | ".join(f"{took:.0f}" for took in times) + " |", flush=True)


def main() -> None:
    """Load, ask, print; status 1 when the page of any range takes a second."""
    parser = argparse.ArgumentParser(prog="python -m bench.analytics", description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--jobs", type=int, default=3, help="in a quarter of an hour")
    parser.add_argument("--kept", type=Path, help="where the past is kept, or to be kept")
    options = parser.parse_args()
    slowest = 0.0
    with standing(Past(options.days, options.jobs), options.kept) as stand:
        print("| ms, median of 5 | " + " | ".join(PRESETS[name][0] for name in CHOSEN) + " |")
        print("|---" * (len(CHOSEN) + 1) + "|")
        for name, times in routes(stand):
            show(name, times)
        for by in ("all", "job_type", "worker"):
            times = server_side(stand, by)
            show(f"page, server's part, by {by}", times)
        with opened(stand) as page:
            for by in ("all", "job_type", "worker"):
                found = in_browser(page, by)
                slowest = max(slowest, *map(max, found))
                show(f"page, click to last chart, by {by}", map(statistics.median, found))
                show("the highest of nine", map(max, found))
        print("\n| width of a row | of | rows | bytes a row |\n|---|---|---|---|")
        for step_s, kind, rows, weight in weights(stand.service):
            print(f"| {step_s} s | {kind} | {rows:,} | {weight:.0f} |")
    if slowest >= BAR_MS:
        raise SystemExit(f"the slowest page took {slowest:.0f} ms, the bar is {BAR_MS}")


if __name__ == "__main__":
    main()
