"""`jobhub export`: whole files, or none."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.cli.conftest import Jobhub


def test_file_holds_what_passes_the_filters(
    jobhub: Jobhub, api: httpx.Client, tmp_path: Path
) -> None:
    for customer in ("acme", "acme", "other"):
        api.post("/api/jobs", json={"job_type": "demo", "customer_id": customer})
    target = tmp_path / "jobs.csv"
    ended = jobhub("export", "jobs", str(target), "--customer-id", "acme")
    assert ended.status == 0, ended.errors
    assert ended.errors == f"2 rows in {target}\n"
    assert target.read_text().startswith("job_id,job_type,status,")
    assert list(tmp_path.glob("jobs*")) == [target]


def test_rows_go_to_standard_output_when_the_file_is_a_dash(
    jobhub: Jobhub, api: httpx.Client
) -> None:
    api.post("/api/jobs", json={"job_type": "demo"})
    lines = jobhub("export", "jobs", "-").output.splitlines()
    assert len(lines) == 2
    assert jobhub("export", "metrics", "-", "--from", "1h").output.startswith("bucket_start,")


def test_no_file_is_left_when_it_cannot_be_whole(jobhub: Jobhub, tmp_path: Path) -> None:
    ended = jobhub("export", "jobs", str(tmp_path / "no" / "jobs.csv"))
    assert ended.status == 1
    assert "FILE: " in ended.errors
    refused = jobhub("export", "jobs", str(tmp_path / "jobs.csv"), "--priority-min", "900")
    assert refused.status == 1
    assert "priority_min" in refused.errors
    assert not list(tmp_path.glob("jobs*"))
