"""`python -m bench.soak`: a mixed load with failures for twenty minutes, and what it left behind.

Starts a Redis, a hub, a dashboard, workers in five processes of which one is killed every five seconds,
and monitors that come and go. Prints memory, descriptors, threads, keys and connections from the time on
when all that is bounded is full, then what is left once all have gone. Status 1 when something grew,
stayed behind, or when hub or dashboard printed a stack trace.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from typing import IO, Final

import httpx
import redis

from bench.delivery.processes import Child, child
from bench.soak.load import Load
from bench.soak.readings import Watch, table
from hub.chaos.redis_server import ChaosRedis

_PROCESSES: Final = 5
_KILL_EVERY_S: Final = 5.0  # so that 1,000 workers are gone and remembered before half of the time
_TRACE: Final = "Traceback (most recent call last)"
_SETTLE_S: Final = 40.0  # a lease, and the reaper after it
# What may stay: the pool of connections to Redis is kept, and a thread or two of the system.
_LEFT_MORE: Final = {"descriptors": 70, "connections": 70, "own": 5, "system": 10}


def main() -> None:
    """Run."""
    options = _options()
    with ExitStack() as stack:
        server = ChaosRedis()
        stack.callback(server.close)
        errors = stack.enter_context(tempfile.TemporaryFile("w+"))
        hub, dashboard, hub_url, dashboard_url = _servers(stack, server, errors)
        client = redis.Redis.from_url(server.url, socket_timeout=30)
        watch = Watch(hub.process.pid, dashboard.process.pid, server.pid, client, hub_url)
        httpx.get(dashboard_url, timeout=60)
        watch.sample()
        before = watch.last()
        load = Load(hub_url, dashboard_url, options.jobs_per_s)
        fleet = [_fleet(hub_url, options.workers // _PROCESSES) for _ in range(_PROCESSES)]
        stack.callback(lambda: [one.end() for one in fleet])
        crowd = stack.enter_context(child("bench.soak.crowd", hub_url, str(options.monitors)))
        crowd.line()
        load.start()
        killed = _soak(options.minutes * 60, options.sample_s, watch, fleet, options, hub_url)
        readings = watch.readings()
        load.stop()
        crowd.end()
        for one in fleet:
            one.end()
        left = _left(watch, before)
        errors.seek(0)
        said = errors.read()
    sys.stderr.write(said)
    print(f"{options.minutes:g} minutes, {options.workers} workers ({killed} processes killed),")
    print(f"{options.monitors} monitors; {dict(load.counted)}\n")
    print(table(readings))
    print(
        "\nOnce all had gone, beside the time before they came:", ", ".join(left) or "nothing more"
    )
    traces = said.count(_TRACE)
    print(f"Stack traces of hub and dashboard: {traces}")
    if left or traces or not all(reading.flat for reading in readings if reading.judged):
        sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--monitors", type=int, default=200)
    parser.add_argument("--jobs-per-s", type=float, default=60)
    parser.add_argument("--sample-s", type=float, default=5)
    return parser.parse_args()


def _servers(
    stack: ExitStack, server: ChaosRedis, errors: IO[str]
) -> tuple[Child, Child, str, str]:
    """Start hub and dashboard; little is kept, so that what is kept is full early."""
    environ = {
        "REDIS_URL": server.url,
        "JOBHUB_DATA_DIR": str(server.path),
        "JOBHUB_PORT": "0",
        "JOBHUB_DASHBOARD_PORT": "0",
        "JOBHUB_KEEP_FINISHED": "3000",
        "JOBHUB_STREAM_EVENTS": "5000",
        "JOBHUB_RING_EVENTS": "2000",
    }
    hub = stack.enter_context(child("hub.cli", "hub", environ=environ, errors=errors))
    hub_url = f"http://127.0.0.1:{hub.port()}"
    environ["JOBHUB_HUB_URL"] = hub_url
    dashboard = stack.enter_context(child("hub.cli", "dashboard", environ=environ, errors=errors))
    return hub, dashboard, hub_url, f"http://127.0.0.1:{dashboard.port()}"


def _fleet(hub_url: str, workers: int) -> Child:
    started = Child("bench.soak.fleet", hub_url, str(workers))
    started.line()
    return started


def _soak(
    seconds: float,
    sample_s: float,
    watch: Watch,
    fleet: list[Child],
    options: argparse.Namespace,
    hub_url: str,
) -> int:
    """Sample and kill until the time is over; returns how many were killed."""
    pause, killed = threading.Event(), 0
    end = time.monotonic() + seconds
    kill_at = time.monotonic() + _KILL_EVERY_S
    while time.monotonic() < end:
        pause.wait(sample_s)
        watch.sample()
        if time.monotonic() > kill_at:
            place = random.randrange(len(fleet))
            fleet[place].end()
            fleet[place] = _fleet(hub_url, options.workers // _PROCESSES)
            killed += 1
            kill_at = time.monotonic() + _KILL_EVERY_S
    return killed


def _left(watch: Watch, before: dict[str, float]) -> list[str]:
    """Say which descriptors, threads and connections stayed behind when everybody had gone."""
    threading.Event().wait(_SETTLE_S)
    watch.sample()
    after = watch.last()
    return [
        f"{name} {before[name]:,.0f} → {after[name]:,.0f}"
        for name in before
        for ending, more in _LEFT_MORE.items()
        if name.endswith(ending) and after[name] > before[name] + more
    ]


if __name__ == "__main__":
    main()
