"""Writes the results as markdown tables."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Mapping

from bench.throughput.runs import Results

_PARTS = ("redis", "hub", "workers", "monitor")
_RULE = "|---|---|---|---|---|"


def print_surroundings(server: str) -> None:
    """Say when, on what and beside how much other work this was measured."""
    print(
        f"{time.strftime('%d %b %Y')}, {os.cpu_count()} cores, Python {platform.python_version()}, {server}, "
        f"load {os.getloadavg()[0]:.1f} at the beginning."
    )


def print_comparison(results: Mapping[str, Results]) -> None:
    """Print a row a system, and how Jobhub stands to the fastest peer."""
    print("\n| system | drain, jobs/s (best) | one by one / bulk, jobs/s", end=" ")
    print(f"| pick-up p50 / p99, ms | CPU s per 1,000 jobs |\n{_RULE}")
    for name, result in results.items():
        print(table_row(name, result))
    peers = {name: result for name, result in results.items() if name != "Jobhub"}
    if peers and "Jobhub" in results:
        print(_standing(results["Jobhub"], peers))


def print_series(results: Mapping[str, Results]) -> None:
    """Print a row a variation of Jobhub."""
    print("\n| Jobhub alone | drain, jobs/s (best) | one by one / bulk, jobs/s", end=" ")
    print(f"| pick-up p50 / p99, ms | CPU s per 1,000 jobs |\n{_RULE}")
    for name, result in results.items():
        print(table_row(name, result))


def table_row(name: str, result: Results) -> str:
    """Write one row."""
    pick_up = "–"
    if result.pick_up_p50_ms is not None and result.pick_up_p99_ms is not None:
        pick_up = f"{result.pick_up_p50_ms:.1f} / {result.pick_up_p99_ms:.1f}"
    return (
        f"| {name} | {result.drain:,.0f} ({max(result.drain_per_s):,.0f}) "
        f"| {statistics.median(result.one_by_one_per_s):,.0f}"
        f" / {statistics.median(result.bulk_per_s):,.0f} "
        f"| {pick_up} | {_cpu(result)} |"
    )


def _standing(jobhub: Results, peers: Mapping[str, Results]) -> str:
    fastest = max(peers, key=lambda name: peers[name].drain)
    sentence = (
        f"\nJobhub drains {jobhub.drain / peers[fastest].drain:.2f} times as fast as {fastest}"
    )
    prompt = [name for name, result in peers.items() if result.pick_up_p99_ms is not None]
    if not prompt or jobhub.pick_up_p99_ms is None:
        return f"{sentence}."
    first = min(prompt, key=lambda name: peers[name].pick_up_p99_ms or 0.0)
    return (
        f"{sentence}; its pick-up p99 is {jobhub.pick_up_p99_ms:.1f} ms, the lowest of the others "
        f"{first}'s {peers[first].pick_up_p99_ms:.1f} ms."
    )


def _cpu(result: Results) -> str:
    spent = {part: statistics.median(values) for part, values in result.cpu_s_per_1000.items()}
    parts = ", ".join(f"{part} {spent[part]:.3f}" for part in _PARTS if part in spent)
    return f"{sum(spent.values()):.3f} ({parts})"
