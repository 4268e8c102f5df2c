"""Bytes a minute that a monitor receives: events, beside the same state pushed every two seconds.

All monitors hang on the same hub at the same time: one a form of events, one that polls. Uncompressed
bytes as they leave the socket, frames included, snapshots at the beginning left out. `steady` begins when
polling has its twenty completed jobs; `heavy` when the burst that a monitor may be sent beyond polling
(docs/protocol.md) is spent; the burst is told beside it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import ExitStack

import msgspec

from bench.delivery.link import CountingMonitor
from bench.delivery.processes import child, hub_environ

BARS = {
    "idle": "< 1 kB/min",
    "steady": "≥ {floor} % less",
    "heavy": "never more than polling",
}
_SETTLE_S = {"idle": 3.0, "steady": 24.0, "heavy": 15.0}
_STEADY_LESS = {"compact": 90, "plain": 80}  # what the dashboard is sent; the plan's floor
_FORMS = tuple(_STEADY_LESS)
_IDLE_LEAST_S = 15.0  # a bookmark comes every 15 s


def measure(redis_url: str, loads: list[str], seconds: float, rate: int) -> str:
    """Run the loads; returns a markdown table and what the events were."""
    lines = [
        "| load | form | events kB/min | polling kB/min | less by | before (burst, snapshot) kB | bar | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    made_of: list[str] = []
    for load in loads:
        environ = hub_environ(redis_url, f"traffic-{load}", JOBHUB_STATS_BROADCAST="on")
        with child("hub.cli", "hub", environ=environ) as server:
            port = server.port()
            url = f"http://127.0.0.1:{port}"
            with child("bench.delivery.workload", url, load, f"--rate={rate}") as workload:
                workload.line()
                for form, (row, kinds) in _watch(load, port, max(seconds, _IDLE_LEAST_S)).items():
                    lines.append(row)
                    made_of.append(f"{load}, {form}: {kinds}")
                    print(row, file=sys.stderr, flush=True)
    return "\n".join([*lines, "", *made_of])


def _watch(load: str, port: int, seconds: float) -> dict[str, tuple[str, str]]:
    """Let every form of events and polling run side by side; returns a row and the kinds a form."""
    with ExitStack() as stack:
        polling = stack.enter_context(CountingMonitor(port, "polling", transport="polling"))
        monitors = {
            form: stack.enter_context(CountingMonitor(port, form, form=form)) for form in _FORMS
        }
        time.sleep(_SETTLE_S[load])
        polled = polling.bytes_in
        before = {form: monitor.bytes_in for form, monitor in monitors.items()}
        for monitor in monitors.values():
            monitor.pieces.clear()
        time.sleep(seconds)
        polled = polling.bytes_in - polled
        return {
            form: (
                _row(load, form, monitor.bytes_in - before[form], polled, before[form], seconds),
                _kinds(b"".join(monitor.pieces)),
            )
            for form, monitor in monitors.items()
        }


def _row(load: str, form: str, sent: int, polled: int, before: int, seconds: float) -> str:
    pushed_kb, polled_kb = (size / 1_000 * 60 / seconds for size in (sent, polled))
    less = 100 * (1 - pushed_kb / polled_kb) if polled_kb else 0.0
    floor = _STEADY_LESS[form]
    met = {"idle": pushed_kb < 1.0, "steady": less >= floor, "heavy": sent <= polled}[load]
    bar = BARS[load].format(floor=floor)
    figures = f"{pushed_kb:.1f} | {polled_kb:.1f} | {less:.1f} % | {before / 1_000:.0f}"
    return f"| {load} | {form} | {figures} | {bar} | {'met' if met else 'missed'} |"


def _kinds(stream: bytes) -> str:
    """What the bytes were spent on: kB and number by kind, the largest first."""
    sizes: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for message in _messages(stream):
        decoded = msgspec.json.decode(message)
        kind = decoded["type"]
        rest = len(message)
        parts = [(event["type"], event) for event in decoded.get("events", ())]
        parts += [("job_progress rows", row) for row in decoded.get("progress", ())]
        parts += [("lists", rows) for rows in decoded.get("lists", {}).values()]
        for name, part in parts:
            size = len(msgspec.json.encode(part))
            sizes[name] += size
            numbers[name] += 1
            rest -= size
        sizes[f"{kind} frames"] += rest
        numbers[f"{kind} frames"] += 1
    return ", ".join(
        f"{kind} {size / 1_000:.1f} kB in {numbers[kind]}" for kind, size in sizes.most_common(8)
    )


def _messages(stream: bytes) -> list[bytes]:
    """Cut whole text frames out of a stream that may begin within one."""
    place = max(0, stream.find(b'{"type":"') - 4)
    while stream[place : place + 1] != b"\x81" and place < len(stream):
        place += 1
    found = []
    while place + 2 <= len(stream):
        size, head = stream[place + 1], 2
        if size == 126:
            size, head = int.from_bytes(stream[place + 2 : place + 4], "big"), 4
        elif size == 127:
            size, head = int.from_bytes(stream[place + 2 : place + 10], "big"), 10
        message = stream[place + head : place + head + size]
        if len(message) == size and stream[place] == 0x81:
            found.append(message)
        place += head + size
    return found
