"""The OpenAPI document is true: a fuzzer finds nothing, and the page made of it needs nobody else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.roles import ROOT_TOKEN, guarded_hub
from tests.support.sockets import open_worker

CONFIG = Path(__file__).with_name("schemathesis.toml")
# Examples an operation beside the boundaries of its schema; `make test-fuzz` draws other and many more.
LONG = os.environ.get("FUZZ_EXAMPLES")
DRAWN = ("-n", LONG) if LONG else ("-n", "8", "--seed", "1")
LIMIT_S = 3_600 if LONG else 300


def fuzz(hub_url: str, *options: str) -> None:
    """Run schemathesis with all checks, positive and negative data; prints what it found when it did."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
    ended = subprocess.run(
        [*command, f"{hub_url}/openapi.json", "--checks", "all", "--no-color", *options],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert ended.returncode == 0, ended.stdout[-6_000:] + ended.stderr[-2_000:]


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
def test_fuzzer_finds_nothing(redis_url: str, namespace: str, tmp_path: Path) -> None:
    # Without a token, the first one that it makes would shut it out.
    bearer = {"Authorization": f"Bearer {ROOT_TOKEN}"}
    with guarded_hub(redis_url, namespace, tmp_path) as hub:
        with open_worker(hub.url, "w1", ("other",), headers=bearer):
            phases = ("--phases", "examples,coverage,fuzzing")
            fuzz(hub.url, *phases, *DRAWN, "-H", f"Authorization: {bearer['Authorization']}")
        assert httpx.get(f"{hub.url}/healthz").json() == {"status": "ok"}


def test_document_names_every_shape_that_it_uses(api: httpx.Client) -> None:
    document = api.get("/openapi.json")
    assert document.json()["openapi"] == "3.1.0"
    named = document.json()["components"]["schemas"].keys()
    used = set(re.findall(r'"#/components/schemas/(\w+)"', document.text))
    assert used <= named
    assert {"SubmitRequest", "Job", "Problem", "BulkRequest"} <= used


def test_page_is_whole_without_any_other_site_or_script(api: httpx.Client) -> None:
    page = api.get("/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', page.text) == [
        "/docs/reference.css",
        "/openapi.json",
    ]
    anchors = set(re.findall(r'href="#([^"]*)"', page.text))
    assert anchors == set(re.findall(r'<section id="([^"]*)"', page.text))
    assert api.get("/docs/reference.css").headers["Content-Type"].startswith("text/css")
