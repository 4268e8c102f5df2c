"""`jobhub export`: whole files, or none."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

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


@pytest.mark.parametrize(
    ("what", "flags"),
    [
        ("metrics", ("--group", "type:demo", "--step", "900")),
        ("summary", ("--group-by", "job_type")),
        ("errors", ("--job-type", "demo")),
        ("promises", ()),
        ("marks", ()),
    ],
)
def test_figures_are_those_of_the_api_when_they_are_saved(
    jobhub: Jobhub, api: httpx.Client, what: str, flags: tuple[str, ...]
) -> None:
    api.post("/api/marks", json={"label": "v2", "at": 1_750_000_000_000})
    day = ("--from", "1750000000000", "--to", "1750086400000")
    ended = jobhub("export", what, "-", *day, *flags)
    assert ended.status == 0, ended.errors
    query = {"from": day[1], "to": day[3]}
    names = (flag.removeprefix("--").replace("-", "_") for flag in flags[::2])
    query |= dict(zip(names, flags[1::2], strict=True))
    text = api.get(f"/api/export/{what}.csv", params=query).text
    assert ended.output.splitlines() == text.splitlines()


def test_no_file_is_left_when_it_cannot_be_whole(jobhub: Jobhub, tmp_path: Path) -> None:
    ended = jobhub("export", "jobs", str(tmp_path / "no" / "jobs.csv"))
    assert ended.status == 1
    assert "FILE: " in ended.errors
    refused = jobhub("export", "jobs", str(tmp_path / "jobs.csv"), "--priority-min", "900")
    assert refused.status == 1
    assert "priority_min" in refused.errors
    assert not list(tmp_path.glob("jobs*"))
