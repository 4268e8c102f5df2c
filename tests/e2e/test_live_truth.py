"""What the Live page holds and what it shows equals Redis after load, cuts and a killed hub."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.live_page import LivePage
from tests.support.processes import Server, serving_hub
from tests.support.stream_page import READ_STORE, difference
from tests.support.traffic import Traffic
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

_LISTS = ("active", "completed")

# Numbers are read without the spaces or commas between their thousands; a grid draws only the rows in sight.
_READ_SCREEN = """(list) => {
  const text = (place) => place.textContent.trim();
  const number = (place) => Number(text(place).replace(/\\D/g, ""));
  const part = (root, name) => root.querySelector(`[data-part=${name}]`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const keyed = (selector, read) => Object.fromEntries(all(selector).map(read));
  const rows = {};
  for (const row of all(`#grid-${list} .ag-row[row-id]`)) {
    const cells = [...row.querySelectorAll(".ag-cell")].map(text);
    const drawn = (rows[row.getAttribute("row-index")] ||= { id: row.getAttribute("row-id"), cells: [] });
    drawn.cells.push(...cells);
  }
  return {
    tiles: Object.fromEntries(["pending", "active", "workers"].map((name) => {
      return [name, number(document.querySelector(`[data-tile=${name}] [data-part=value]`))];
    })),
    tabs: keyed("[data-part^=count-]", (each) => [each.dataset.part.slice(6), number(each)]),
    workers: keyed(".worker[data-key]", (each) => [each.dataset.key, text(part(each, "slots"))]),
    queues: keyed(".queue[data-key]", (each) => [each.dataset.key, each.textContent]),
    rows,
  };
}"""


def test_screen_equals_redis_when_the_link_is_cut_and_the_hub_dies_under_load(
    live: LivePage, live_hub: Server, live_env: dict[str, str], traffic: Traffic
) -> None:
    traffic.submit(150)
    live.open().connect()
    with traffic.flowing(200):
        wait_until(lambda: traffic.moves > 200, timeout_s=60)
        live.page.evaluate("() => jobhub.stream.connection.socket.socket.close()")
        live.page.wait_for_function("() => jobhub.stream.status.reconnects === 1")
        live.see(live.badge, "Live")
        wait_until(lambda: traffic.moves > 300, timeout_s=60)
        live_hub.kill()
        live.page.wait_for_function("() => jobhub.stream.status.state !== 'live'")
        with serving_hub(live_env) as second, httpx.Client(base_url=second.url) as api:
            live.see(live.badge, "Live")
            wait_until(lambda: traffic.moves > 500, timeout_s=60)
            traffic.pause()
            for name in _LISTS:
                live.open_list(name)
                wait_equal(live, api, name)
            status = live.read("jobhub.stream.status")
    assert status["reconnects"] >= 2
    assert status["resyncs"] == 0
    live.forgive_network()


def wait_equal(live: LivePage, api: httpx.Client, list_name: str) -> None:
    """Wait until the screen says what the hub's snapshot says."""
    last: list[str] = []

    def equal() -> bool:
        document = api.get("/api/snapshot", timeout=30).json()
        shown = live.page.evaluate(_READ_SCREEN, list_name)
        held = difference(live.page.evaluate(READ_STORE), document)
        last[:] = [held] * bool(held) + differences(shown, document["data"], list_name)
        return not last

    try:
        wait_until(equal, timeout_s=40)
    except AssertionError:
        raise AssertionError(f"{list_name}: screen and Redis differ: {last[:4]}") from None


def differences(shown: Any, data: Any, list_name: str) -> list[str]:
    """Say where the screen differs from a snapshot."""
    counts = data["counts"] | {
        "active": data["counts"]["assigned"] + data["counts"]["in_progress"],
        "workers": sum(worker["status"] != "offline" for worker in data["workers"]),
    }
    found = [
        f"{kind} {name}: {number}, not {counts[name]}"
        for kind in ("tiles", "tabs")
        for name, number in shown[kind].items()
        if number != counts[name]
    ]
    for worker in data["workers"]:
        slots = f"{len(worker['job_ids'])}/{worker['slots']}"
        if shown["workers"].get(worker["worker_id"]) != slots:
            found.append(f"worker {worker['worker_id']}: {shown['workers']}, not {slots}")
    for queue in data["queues"]:
        if str(queue["pending"]) not in shown["queues"].get(queue["job_type"], ""):
            found.append(f"queue {queue}: {shown['queues']}")
    return found + _row_differences(shown["rows"], data["jobs"][list_name]["rows"])


def _row_differences(drawn: dict[str, Any], rows: list[Any]) -> list[str]:
    found = [] if drawn or not rows else ["no rows"]
    for place, row in drawn.items():
        job = rows[int(place)] if int(place) < len(rows) else {"job_id": "nothing"}
        if row["id"] != job["job_id"]:
            found.append(f"row {place}: {row['id']}, not {job['job_id']}")
        elif "progress" in job and job["status"] == "in_progress":
            percent = f"{round(job['progress']['percent'])}%"
            if not any(percent in cell for cell in row["cells"]):
                found.append(f"row {place}: {row['cells']} without {percent}")
    return found
