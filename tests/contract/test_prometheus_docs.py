"""docs/prometheus.md names every metric that a hub tells, and no other; its queries and alerts hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from hub.totals import BOUNDS_MS
from tests.support.processes import Server
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until

TEXT = (Path(__file__).parents[2] / "docs" / "prometheus.md").read_text()
DESCRIBED = dict(re.findall(r"^\| `(jobhub_\w+)` \| (\w+)", TEXT, re.M))
QUERIES = [
    query.replace("\\|", "|") for query in re.findall(r"^\| [A-Z][^|]+\| `(.+)` \|$", TEXT, re.M)
]
(ALERTS,) = re.findall(r"```yaml\n(groups:.+?)```", TEXT, re.S)
PROMTOOL = shutil.which("promtool")


def test_every_metric_is_described(hub: Server, api: httpx.Client) -> None:
    def told() -> dict[str, str]:
        return {
            family.name + ("_total" if family.type == "counter" else ""): family.type
            for family in text_string_to_metric_families(api.get("/metrics").text)
        }

    with open_worker(hub.url, job_types=("other",)):
        api.post("/api/jobs", json={"job_type": "demo"})
        wait_until(lambda: "jobhub_oldest_pending_age_seconds" in told())
        assert told() == DESCRIBED


def test_queries_and_alerts_ask_for_what_is_told() -> None:
    assert len(QUERIES) == 8
    asked = set(re.findall(r"jobhub_\w+", " ".join([*QUERIES, ALERTS])))
    parts = {f"{name}_{part}" for name in DESCRIBED for part in ("bucket", "sum", "count")}
    assert asked <= DESCRIBED.keys() | parts


def test_limits_on_labels_are_those_of_the_code() -> None:
    assert f"has {len(BOUNDS_MS)} buckets from 5 ms to a day" in TEXT
    series = 2 * 101 * (len(BOUNDS_MS) + 3)  # +Inf, sum and count
    assert f"at most {series:,} series" in TEXT


if PROMTOOL is not None:  # Debian: apt install prometheus

    def test_promtool_finds_nothing_when_it_checks_queries_and_alerts(tmp_path: Path) -> None:
        recorded = "".join(
            f"      - record: question:{number}\n        expr: '{query}'\n"
            for number, query in enumerate(QUERIES)
        )
        rules = tmp_path / "rules.yml"
        rules.write_text(ALERTS + recorded)
        checked = subprocess.run(
            [PROMTOOL, "check", "rules", str(rules)], capture_output=True, text=True, timeout=60
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert f"{6 + len(QUERIES)} rules found" in checked.stdout
