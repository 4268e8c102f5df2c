"""docs/prometheus.md names every metric that a hub tells, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.processes import Server
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until

TEXT = (Path(__file__).parents[2] / "docs" / "prometheus.md").read_text()


def test_every_metric_is_described(hub: Server, api: httpx.Client) -> None:
    described = dict(re.findall(r"^\| `(jobhub_\w+)` \| (\w+)", TEXT, re.M))

    def told() -> dict[str, str]:
        return {
            family.name + ("_total" if family.type == "counter" else ""): family.type
            for family in text_string_to_metric_families(api.get("/metrics").text)
        }

    with open_worker(hub.url, job_types=("other",)):
        api.post("/api/jobs", json={"job_type": "demo"})
        wait_until(lambda: "jobhub_oldest_pending_age_seconds" in told())
        assert told() == described
