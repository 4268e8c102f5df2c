"""/metrics: what a scraper reads, and that its names and units are those of the field."""

from __future__ import annotations

import re
import shutil
import subprocess

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.processes import Server
from tests.support.sockets import open_monitor, open_worker
from tests.support.waiting import wait_until

PROMTOOL = shutil.which("promtool")


def scrape(api: httpx.Client) -> dict[str, float]:
    text = api.get("/metrics").text
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def run_jobs(hub: Server, api: httpx.Client, count: int) -> None:
    """Have a worker take and complete jobs of the type demo."""
    with open_worker(hub.url) as worker:
        for _ in range(count):
            api.post("/api/jobs", json={"job_type": "demo"})
            given = worker.receive_type("assign")["jobs"][0]
            grant = {"job_id": given["job_id"], "fence": given["fence"]}
            worker.ask("job_started", **grant)
            worker.ask("job_completed", **grant, result=1)


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


def test_waits_and_runs_are_in_their_buckets_when_jobs_have_ended(
    hub: Server, api: httpx.Client
) -> None:
    run_jobs(hub, api, 3)
    wait_until(lambda: scrape(api).get("jobhub_job_run_seconds_count[demo]") == 3, what="the runs")
    found = scrape(api)
    assert found["jobhub_job_wait_seconds_bucket[demo][+Inf]"] == 3
    assert found["jobhub_job_run_seconds_bucket[demo][86400.0]"] == 3
    assert found["jobhub_job_wait_seconds_sum[demo]"] < 30
    assert found["jobhub_jobs_submitted_total[demo]"] == 3
    assert found["jobhub_jobs_finished_total[demo][completed]"] == 3
    assert found["jobhub_offered_slot_seconds_total"] > 0
    wait_until(lambda: scrape(api)["jobhub_busy_slot_seconds_total[demo]"] > 0)


def test_metrics_are_as_promtool_wants_them_when_they_are_linted(
    hub: Server, api: httpx.Client
) -> None:
    run_jobs(hub, api, 1)
    wait_until(lambda: "jobhub_job_run_seconds_sum" in api.get("/metrics").text)
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


if PROMTOOL is not None:  # Debian: apt install prometheus

    def test_promtool_finds_nothing_when_it_checks_the_metrics(
        hub: Server, api: httpx.Client
    ) -> None:
        run_jobs(hub, api, 1)
        wait_until(lambda: "jobhub_job_run_seconds_sum" in api.get("/metrics").text)
        checked = subprocess.run(
            [PROMTOOL, "check", "metrics"],
            input=api.get("/metrics").content,
            capture_output=True,
            timeout=60,
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
