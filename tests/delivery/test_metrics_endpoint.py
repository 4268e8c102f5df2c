"""/metrics: what a scraper reads, and that its names and units are those of the field."""

from __future__ import annotations

import re

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.processes import Server
from tests.support.sockets import open_monitor, open_worker
from tests.support.waiting import wait_until


def scrape(api: httpx.Client) -> dict[str, float]:
    text = api.get("/metrics").text
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_follow_jobs_workers_and_sockets_when_they_come(
    hub: Server, api: httpx.Client
) -> None:
    with open_monitor(hub.url) as monitor, open_worker(hub.url):
        monitor.receive_type("full_state_snapshot")
        for _ in range(3):
            api.post("/api/jobs", json={"job_type": "other"})
        wait_until(lambda: scrape(api).get("jobhub_queue_depth[other]") == 3, what="the queue")
        found = scrape(api)
        assert found["jobhub_jobs[pending]"] == 3
        assert found["jobhub_open_sockets[monitor]"] == 1
        assert found["jobhub_open_sockets[worker]"] == 1
        assert found["jobhub_monitors[events]"] == 1
        assert found["jobhub_workers"] == 1
        assert found["jobhub_monitor_snapshots_total"] == 1
        assert found["jobhub_delivery_lag_seconds_count"] >= 4
        assert found["jobhub_log_connected"] == 1


def test_metrics_are_as_promtool_wants_them_when_they_are_linted(api: httpx.Client) -> None:
    answer = api.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(answer.text))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert re.fullmatch(r"jobhub_[a-z_]+[a-z]", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb)(_|$)", family.name)
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples)
        else:
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
