"""Does a browser's memory stay flat through eight hours of events?

    python -m bench.browser_day

Opens the whole Live page, tables and charts drawn, and folds into its store what a steady load sends in eight
hours, as fast as it goes: 50 jobs running, 20 progresses, one end and one beginning a second, as compact
frames (bench/steady_day.js). After each minute of it the page draws. Memory is read after a collection.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Final

import msgspec
from playwright.sync_api import CDPSession, Page

from bench.live_page import empty_page, serving_everything, wait_drawn

_DAY: Final = (Path(__file__).parent / "steady_day.js").read_text(encoding="utf-8")
_HOURS: Final = (1, 2, 4, 8)
_DRAWS_MS: Final = 2_000  # for what the widgets throttle


class Reading(msgspec.Struct, frozen=True):
    """What the page holds after so many hours."""

    hours: int
    events: int
    heap_bytes: int
    nodes: int
    listeners: int
    took_s: float


def run() -> list[Reading]:
    """Play a day; returns a reading at its beginning and at each of _HOURS."""
    with serving_everything("day") as servers, empty_page() as page:
        page.goto(servers.dashboard_url)
        wait_drawn(page)
        page.evaluate(_DAY)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        page.evaluate("() => jobhubDay.play(60)")
        began, played = time.monotonic(), 0
        readings = [_read(page, devtools, 0, began)]
        for hours in _HOURS:
            for _ in range(60 * (hours - played)):
                page.evaluate("() => jobhubDay.play(60)")
            played = hours
            readings.append(_read(page, devtools, hours, began))
        return readings


def _read(page: Page, devtools: CDPSession, hours: int, began: float) -> Reading:
    page.wait_for_timeout(_DRAWS_MS)
    devtools.send("HeapProfiler.collectGarbage")
    counted = devtools.send("Memory.getDOMCounters")
    return Reading(
        hours,
        page.evaluate("() => jobhub.store.state.seq"),
        devtools.send("Runtime.getHeapUsage")["usedSize"],
        counted["nodes"],
        counted["jsEventListeners"],
        time.monotonic() - began,
    )


def main() -> None:
    """Play and print a table."""
    argparse.ArgumentParser(prog="python -m bench.browser_day", description=__doc__).parse_args()
    print("| hours | events | JS heap, MB | DOM nodes | listeners | played in s |")
    print("|---|---|---|---|---|---|")
    for row in run():
        print(
            f"| {row.hours} | {row.events:,} | {row.heap_bytes / 1e6:.1f} | {row.nodes:,} "
            f"| {row.listeners:,} | {row.took_s:.0f} |"
        )


if __name__ == "__main__":
    main()
