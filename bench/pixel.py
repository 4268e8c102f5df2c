"""How long from an event in Redis to its pixel in Chromium, and how many frames a second under load.

    python -m bench.pixel

Starts an embedded Redis, a hub, the dashboard and Chromium on this machine, connects the whole Live page,
with its tables and charts drawn, and measures: when its first figures are on the screen, the delay of single
events from quiet, the delay at 100 events a second, and frames a second at 1,000. A delay runs from the
event's own time stamp (Redis TIME, whole milliseconds) to the task after the paint that shows it; the probe
draws in the same animation frames as the page's widgets.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import CDPSession, Page

from bench.live_page import Servers, empty_page, serving_everything, wait_drawn
from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.first_figures import FIRST_FIGURES
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

_PROBE: Final = (Path(__file__).parent / "pixel_probe.js").read_text(encoding="utf-8")
_LOADS: Final = 5
_NAMESPACE: Final = "pixel"
_QUIET_EVENTS: Final = 60
_QUIET_MS: Final = 450  # between two of them; a widget's throttle is over long before


class Measured(msgspec.Struct, frozen=True):
    """What one phase gave. Delays in milliseconds; `busy` is the main thread's CPU time, as a share."""

    name: str
    events_a_second: float
    p50_ms: float
    p95_ms: float
    frames_a_second: float
    busy: float
    resyncs: int


class Results(msgspec.Struct, frozen=True):
    """How long each load took until figures stood, the first with an empty cache; the phases."""

    first_figures_ms: list[int]
    phases: list[Measured]


BARS: Final = {
    "from quiet": "p95 <= 50 ms",
    "at 100 events/s": "p95 <= 120 ms",
    "at 1,000 events/s": ">= 50 frames/s",
}


class Bench:
    """A connected page and the traffic that it shows."""

    def __init__(self, page: Page, traffic: Traffic) -> None:
        self._page, self._traffic = page, traffic
        self._devtools = page.context.new_cdp_session(page)
        # CPU time, not the clock's: on shared cores a task also waits.
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def from_quiet(self) -> Measured:
        """Submit single jobs with silence between them."""
        with self._phase("from quiet") as found:
            for _ in range(_QUIET_EVENTS):
                self._traffic.submit(1)
                self._page.wait_for_timeout(_QUIET_MS)
        return found[0]

    def flowing(self, name: str, per_s: float, seconds: float) -> Measured:
        """Let jobs come, run and end."""
        with self._traffic.flowing(per_s):
            self._page.wait_for_timeout(2_000)
            with self._phase(name) as found:
                self._page.wait_for_timeout(seconds * 1_000)
        return found[0]

    @contextmanager
    def _phase(self, name: str) -> Iterator[list[Measured]]:
        found: list[Measured] = []
        before_s = _task_s(self._devtools)
        self._page.evaluate("() => window.pixelProbe.start()")
        yield found
        told = self._page.evaluate("() => window.pixelProbe.stop()")
        delays, seconds = sorted(told["delays"]), told["seconds"]
        found.append(
            Measured(
                name=name,
                events_a_second=told["events"] / seconds,
                p50_ms=_quantile(delays, 0.5),
                p95_ms=_quantile(delays, 0.95),
                frames_a_second=told["frames"] / seconds,
                busy=(_task_s(self._devtools) - before_s) / seconds,
                resyncs=told["resyncs"],
            )
        )


def run(seconds: float) -> Results:
    """Measure every phase once."""
    with serving_everything(_NAMESPACE) as servers, empty_page() as page:
        return _measure(servers, page, seconds)


def _measure(servers: Servers, page: Page, seconds: float) -> Results:
    settings = load_settings({}, {"redis_url": servers.redis_url, "namespace": _NAMESPACE})
    service = RedisService(servers.redis_url, Keys(_NAMESPACE))
    service.redis.ping()
    traffic = Traffic(JobBroker(service, settings), WorkerRegistry(service, settings))
    traffic.register()
    page.add_init_script(FIRST_FIGURES)
    first_figures_ms = _first_figures_ms(page, servers.dashboard_url)
    wait_drawn(page)
    page.evaluate("(url) => { jobhub.stream.connect(url); }", servers.hub_url)
    wait_until(lambda: page.evaluate("() => jobhub.stream.status.state") == "live")
    page.evaluate(_PROBE)
    bench = Bench(page, traffic)
    phases = [
        bench.from_quiet(),
        bench.flowing("at 100 events/s", 100, seconds),
        bench.flowing("at 1,000 events/s", 1_000, seconds),
    ]
    service.close()
    return Results(first_figures_ms, phases)


def _first_figures_ms(page: Page, url: str) -> list[int]:
    """Load the page some times, first with an empty cache."""
    took_ms = []
    for _ in range(_LOADS):
        page.goto(url)
        page.wait_for_function("() => window.shownAtMs")
        took_ms.append(round(page.evaluate("() => window.shownAtMs")))
    return took_ms


def _task_s(devtools: CDPSession) -> float:
    metrics: list[dict[str, Any]] = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(item["value"] for item in metrics if item["name"] == "TaskDuration"))


def _quantile(values: list[float], q: float) -> float:
    return values[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.pixel", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="length of a phase under load")
    arguments = parser.parse_args()
    results = run(arguments.seconds)
    cold_ms, *warm_ms = results.first_figures_ms
    print(f"First figures: {cold_ms} ms, with a warm cache {sorted(warm_ms)} ms (bar: 1,500)\n")
    print("| phase | events/s | delay p50 / p95, ms | frames/s | main thread | resyncs | bar |")
    print("|---|---|---|---|---|---|---|")
    for row in results.phases:
        print(
            f"| {row.name} | {row.events_a_second:,.0f} | {row.p50_ms:.0f} / {row.p95_ms:.0f} "
            f"| {row.frames_a_second:.0f} | {row.busy:.0%} | {row.resyncs} | {BARS[row.name]} |"
        )


if __name__ == "__main__":
    main()
