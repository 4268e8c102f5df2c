"""A thousand monitors come back in the same instant: until each has its state and the next events.

Meanwhile 50 jobs run, with one progress a second each. First everybody arrives (a warm-up that is
shown), then all connections are cut twice: once they resume, once they take a snapshot.
"""

from __future__ import annotations

import time

from bench.delivery.processes import child, hub_environ

BAR_S = 5.0
_SETTLE_S = 8.0  # until the jobs have been submitted, which a monitor that resumes would be told
_STORMS = (("arrive", False), ("resume", True), ("snapshot", False))


def measure(redis_url: str, monitors: int) -> str:
    """Run the three storms; returns a markdown table."""
    lines = [
        "| storm | monitors live | half live after s | all after s | kB a monitor | hub CPU s | bar: < 5 s |",
        "|---|---|---|---|---|---|---|",
    ]
    with child("hub.cli", "hub", environ=hub_environ(redis_url, "storm")) as server:
        port = server.port()
        with (
            child("bench.delivery.workload", f"http://127.0.0.1:{port}", "steady") as workload,
            child("bench.delivery.crowd", f"--port={port}", f"--count={monitors}") as crowd,
        ):
            workload.line()
            time.sleep(_SETTLE_S)
            for name, resume in _STORMS:
                before = server.cpu_s()
                crowd.tell({"resume": resume})
                found = crowd.result()
                cpu_s = server.cpu_s() - before
                all_s = found["all_s"]
                times = " | ".join(
                    "–" if value is None else f"{value:.2f}" for value in (found["p50_s"], all_s)
                )
                verdict = "met" if all_s is not None and all_s < BAR_S else "missed"
                lines.append(
                    f"| {name} | {found['live']} of {monitors} | {times} "
                    f"| {found['bytes'] / 1_000:.1f} | {cpu_s:.2f} | {verdict} |"
                )
    return "\n".join(lines)
