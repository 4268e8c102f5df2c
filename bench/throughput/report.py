"""Writes the results as a markdown table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from bench.throughput.runs import Results

_PARTS = ("redis", "hub", "workers", "monitor")
_HEAD = """\
| system | drain, jobs/s | one by one / bulk, jobs/s | pick-up p50 / p99, ms | CPU s per 1,000 jobs |
|---|---|---|---|---|"""


def print_table(results: Mapping[str, Results]) -> None:
    """Print a row a system, and how Jobhub stands to the fastest peer."""
    print(_HEAD)
    for name, result in results.items():
        print(table_row(name, result))
    peers = {name: result.drain for name, result in results.items() if name != "Jobhub"}
    if peers and "Jobhub" in results:
        fastest = max(peers, key=lambda name: peers[name])
        print(
            f"\nJobhub drains {results['Jobhub'].drain / peers[fastest]:.2f} times as fast as {fastest}."
        )


def table_row(name: str, result: Results) -> str:
    """Write one system's row."""
    pick_up = "–"
    if result.pick_up_p50_ms is not None and result.pick_up_p99_ms is not None:
        pick_up = f"{result.pick_up_p50_ms:.1f} / {result.pick_up_p99_ms:.1f}"
    return (
        f"| {name} | {result.drain:,.0f} ({max(result.drain_per_s):,.0f}) "
        f"| {statistics.median(result.one_by_one_per_s):,.0f}"
        f" / {statistics.median(result.bulk_per_s):,.0f} "
        f"| {pick_up} | {_cpu(result)} |"
    )


def _cpu(result: Results) -> str:
    spent = {part: statistics.median(values) for part, values in result.cpu_s_per_1000.items()}
    parts = ", ".join(f"{part} {spent[part]:.3f}" for part in _PARTS if part in spent)
    return f"{sum(spent.values()):.3f} ({parts})"
