"""The proof of DESIGN's fifth guarantee, short; `jobhub chaos` runs it for as long as one likes."""

from __future__ import annotations

import pytest

from hub.chaos.proof import Plan, run


@pytest.mark.slow
def test_every_monitor_equals_redis_when_everything_around_it_breaks() -> None:
    # A seed that soon kills a hub and a worker, restarts a hub and Redis and trims the stream.
    report = run(Plan(seconds=16.0, seed=72, monitors=6, pause_s=0.6, drop_share=0.01))
    assert report.differences == []
    assert report.monitors.get("false alarms", 0) == 0
    assert report.monitors.get("unnoticed", 0) == 0
    assert report.monitors["noticed"] > 0
    assert report.history["acknowledged submits checked"] > 0
    assert 45 < report.kill_every_ms < 100  # 50, on a machine that has time for it
    assert report.sabotage["pub/sub connections killed"] > 100
    assert report.sabotage["hubs killed"] > 0
