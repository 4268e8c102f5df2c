"""Bytes a minute that a monitor receives: events, beside the same state pushed every two seconds.

Both monitors hang on the same hub at the same time; uncompressed bytes as they leave the socket, frames
included, snapshots at the beginning left out. `heavy` is measured after the burst that a monitor may be
sent beyond polling (docs/protocol.md) is spent; the burst is told beside it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

import msgspec

from bench.delivery.link import CountingMonitor
from bench.delivery.processes import child, hub_environ

BARS = {
    "steady": "≥ 90 % less",
    "heavy": "never more than polling",
    "idle": "< 1 kB/min",
}
_SETTLE_S = {"idle": 3.0, "steady": 4.0, "heavy": 12.0}
_IDLE_LEAST_S = 15.0  # a bookmark comes every 15 s


def measure(redis_url: str, seconds: float, rate: int) -> str:
    """Run the three loads; returns a markdown table and what the events were."""
    lines = [
        "| load | events kB/min | polling kB/min | less by | before (burst, snapshot) kB | bar | |",
        "|---|---|---|---|---|---|---|",
    ]
    made_of: list[str] = []
    for load in ("idle", "steady", "heavy"):
        environ = hub_environ(redis_url, f"traffic-{load}", JOBHUB_STATS_BROADCAST="on")
        with child("hub.cli", "hub", environ=environ) as server:
            port = server.port()
            url = f"http://127.0.0.1:{port}"
            with child("bench.delivery.workload", url, load, f"--rate={rate}") as workload:
                workload.line()
                row, kinds = _watch(load, port, max(seconds, _IDLE_LEAST_S))
                lines.append(row)
                made_of.append(f"{load}: {kinds}")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join([*lines, "", *made_of])


def _watch(load: str, port: int, seconds: float) -> tuple[str, str]:
    with (
        CountingMonitor(port, "events", "events") as events,
        CountingMonitor(port, "polling", "polling") as polling,
    ):
        time.sleep(_SETTLE_S[load])
        before = (events.bytes_in, polling.bytes_in)
        events.pieces.clear()
        time.sleep(seconds)
        sent = [
            now - then
            for now, then in zip((events.bytes_in, polling.bytes_in), before, strict=True)
        ]
        kinds = _kinds(b"".join(events.pieces))
    pushed, polled = (size / 1_000 * 60 / seconds for size in sent)
    less = 100 * (1 - pushed / polled) if polled else 0.0
    met = {"idle": pushed < 1.0, "steady": less >= 90.0, "heavy": pushed <= polled}[load]
    figures = f"{pushed:.1f} | {polled:.1f} | {less:.1f} % | {before[0] / 1_000:.0f}"
    return f"| {load} | {figures} | {BARS[load]} | {'met' if met else 'missed'} |", kinds


def _kinds(stream: bytes) -> str:
    """What the bytes were spent on: kB and number by kind, the largest first."""
    sizes: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for message in _messages(stream):
        decoded = msgspec.json.decode(message)
        kind = decoded["type"]
        rest = len(message)
        for event in decoded.get("events", ()):
            size = len(msgspec.json.encode(event))
            sizes[event["type"]] += size
            numbers[event["type"]] += 1
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
