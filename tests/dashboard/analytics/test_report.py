"""A view asks the hub for each thing once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from dashboard.analytics.report import read_beginning, read_report
from dashboard.analytics.timespan import read_timespan
from dashboard.hub_client import HubApi
from tests.support.processes import Server
from tests.support.waiting import wait_until


class CountingHub(HubApi):
    """Notes what is asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: Counter[tuple[Any, ...]] = Counter()

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, *, timeout_s: float = 10.0
    ) -> Any:
        self.asked[path, *sorted((query or {}).items())] += 1
        return super().get(path, query, timeout_s=timeout_s)


@pytest.mark.parametrize("by", ["all", "job_type", "worker"])
def test_nothing_is_read_twice_when_the_page_is_split(
    hub: Server, api: httpx.Client, by: str
) -> None:
    api.put("/api/slo", json={"job_type": "demo", "target_s": 5})
    asking = CountingHub(hub.url)
    now_ms = time.time_ns() // 1_000_000
    read_report(asking, read_timespan({"range": "6h", "by": by}, now_ms, "UTC"))
    assert asking.asked.most_common(1)[0][1] == 1
    assert sum(path == "/api/metrics/summary" for path, *_ in asking.asked) <= 5
    asking.close()


def test_beginning_is_known_to_a_quarter_of_an_hour_when_something_happened(
    hub: Server, api: httpx.Client
) -> None:
    asking = HubApi(hub.url)
    now_ms = time.time_ns() // 1_000_000
    assert read_beginning(asking, now_ms) is None
    api.post("/api/jobs", json={"job_type": "demo"})
    beginning = wait_until(lambda: read_beginning(asking, time.time_ns() // 1_000_000))
    assert 0 <= now_ms - beginning < 15 * 60_000
    asking.close()
