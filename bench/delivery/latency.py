"""Commit in Redis → bytes at the monitor, beside a plain flask-sock loop and a picows reference, in one run.

Events are refused results, 250 bytes each: no record stands behind them, so none of them is ever folded.
Each carries the time of its commit. One script commits an event as the hub's own scripts do: seq, stream,
publish.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import redis

from bench.delivery.processes import Child, child, hub_environ
from hub.keys import Keys

SERVERS = ("jobhub", "picows", "plain")
_JOBS = 1_000
_EVENT_BYTES = 250
_UNFOLDED_BYTES = 2**40  # the burst of the traffic budget: no event may be folded away here
_COMMIT = """
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local event = '{"seq":' .. string.format('%.0f', seq) .. ARGV[1]
redis.call('XADD', KEYS[2], 'MAXLEN', '~', '100000', string.format('%.0f', seq) .. '-0', 'e', event)
local head = redis.call('HGET', KEYS[1], 'epoch') .. ' ' .. string.format('%.0f', seq)
redis.call('PUBLISH', KEYS[3], head .. '\\n' .. event)
"""


def measure(
    redis_url: str, monitors: list[int], rates: list[int], seconds: float, servers: list[str]
) -> str:
    """Run every cell for every server; returns a markdown table."""
    servers = _installed(servers)
    lines = [
        "| monitors × events/s | server | p50 ms | p99 ms | received by the worst | CPU µs a delivery "
        "| server's CPU, receivers' CPU |",
        "|---|---|---|---|---|---|---|",
    ]
    for count in monitors:
        for rate in rates:
            for name in servers:
                with _server(name, redis_url, f"b{count}x{rate}{name}") as (server, port, keys):
                    found = _cell(redis_url, server, port, keys, count, rate, seconds)
                lines.append(f"| {count} × {rate} | {name} | " + " | ".join(found) + " |")
                print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def _installed(servers: list[str]) -> list[str]:
    """Leave out the reference where its packages, which Jobhub does not need, are missing."""
    missing = [name for name in ("picows", "uvloop") if find_spec(name) is None]
    if missing and "picows" in servers:
        print(f"No picows reference: {', '.join(missing)} missing; pip install '.[bench]'")
        return [name for name in servers if name != "picows"]
    return servers


@contextmanager
def _server(name: str, redis_url: str, namespace: str) -> Iterator[tuple[Child, int, Keys]]:
    keys = Keys(namespace)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(keys.meta, keys.events)
        if name != "jobhub":
            client.hset(keys.meta, mapping={"epoch": "e", "seq": 0})
    if name == "jobhub":
        environ = hub_environ(redis_url, namespace, JOBHUB_MONITOR_BURST_BYTES=str(_UNFOLDED_BYTES))
        started = child("hub.cli", "hub", environ=environ)
    else:
        module = {"plain": "bench.delivery.plain", "picows": "bench.delivery.reference"}[name]
        started = child(module, redis_url, keys.channel)
    with started as server:
        yield server, server.port(), keys


def _cell(
    redis_url: str, server: Child, port: int, keys: Keys, count: int, rate: int, seconds: float
) -> list[str]:
    total = int(rate * seconds)
    numbers = {"port": port, "count": count, "sampled": min(count, 10), "last": total}
    args = [f"--{name}={value}" for name, value in numbers.items()]
    with child("bench.delivery.receivers", *args, f"--timeout={2 * seconds + 20:g}") as receivers:
        receivers.line()
        before_s, began = server.cpu_s(), time.monotonic()
        _publish(redis_url, keys, rate, total)
        found = receivers.result()
        cpu_s, took_s = server.cpu_s() - before_s, time.monotonic() - began
    received = f"{100 * found['fewest'] / total:.1f} %"
    shares = f"{100 * cpu_s / took_s:.0f} %, {100 * found['cpu_s'] / took_s:.0f} %"
    cpu_us = f"{cpu_s * 1e6 / (total * count):.2f}"
    return [_ms(found["p50_ms"]), _ms(found["p99_ms"]), received, cpu_us, shares]


def _publish(redis_url: str, keys: Keys, rate: int, total: int) -> None:
    """Commit `total` events at an even pace."""
    with redis.Redis.from_url(redis_url) as client:
        commit: Any = client.register_script(_COMMIT)
        places = [keys.meta, keys.events, keys.channel]
        started = time.monotonic()
        for number in range(1, total + 1):
            due = started + number / rate
            while (wait_s := due - time.monotonic()) > 0:
                time.sleep(wait_s)
            commit(keys=places, args=[_event(number)])


def _event(number: int) -> str:
    at_us = time.monotonic_ns() // 1_000
    at_ms = time.time_ns() // 1_000_000
    head = f',"type":"result_rejected","timestamp":{at_ms},"job_id":"job-{number % _JOBS}"'
    tail = f',"fence":{number},"at_us":{at_us},"n":{number}}}'
    pad = _EVENT_BYTES - len(head) - len(tail) - 20
    return f'{head},"worker_id":"{"x" * pad}"{tail}'


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
