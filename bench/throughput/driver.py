"""Asks one system all questions, from the outside; the same code for every system.

    python -m bench.throughput.driver MODULE:CLASS --groups 123,456

Prints a JSON object a line and waits for a line on its input at the start and end of a drain, so that its
parent can read the clocks of the processes in between.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from typing import Any

import redis

from bench.throughput.peers.interface import LATENCIES, REDIS_URL, System

_READY_S = 60.0
_DRAIN_S = 120.0
_LOOK_S = 0.01
_WARM_STAMPS = 50


def main() -> None:
    """Run every question and print the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system")
    parser.add_argument("--groups", required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--payload-bytes", type=int, required=True)
    parser.add_argument("--stamps", type=int, required=True)
    parser.add_argument("--stamps-a-second", type=float, required=True)
    options = parser.parse_args()
    module, _, name = options.system.partition(":")
    system_class = getattr(importlib.import_module(module), name)
    system: System = system_class([int(group) for group in options.groups.split(",")])
    driver = _Driver(system, "x" * options.payload_bytes)
    driver.warm_up(options.jobs // 10)
    for _ in range(options.rounds):
        driver.build_and_drain(options.jobs)
    if options.stamps:
        driver.measure_pick_up(options.stamps, 1 / options.stamps_a_second)
    system.close()


class _Driver:
    def __init__(self, system: System, payload: str) -> None:
        self._system = system
        self._payload = payload
        self._submitted = 0
        self._redis = redis.Redis.from_url(REDIS_URL)

    def warm_up(self, jobs: int) -> None:
        """See that a job goes through, then a few more: code is loaded and connections are open."""
        self._submit_one()
        self._wait(_READY_S)
        self._submit_many(jobs)
        self._wait(_READY_S)
        _say(phase="ready")

    def build_and_drain(self, jobs: int) -> None:
        """Build a backlog while nobody works, then see how long it takes to go."""
        system, singles = self._system, jobs // 5
        system.hold()
        started = time.perf_counter()
        for _ in range(singles):
            self._submit_one()
        _say(phase="one_by_one", per_s=singles / (time.perf_counter() - started))
        started = time.perf_counter()
        self._submit_many(jobs - singles)
        _say(phase="bulk", per_s=(jobs - singles) / (time.perf_counter() - started))
        _say_and_wait(phase="drain_begins")
        started = time.perf_counter()
        system.release()
        self._wait(_DRAIN_S)
        seconds = time.perf_counter() - started
        _say_and_wait(phase="drain_ends", per_s=jobs / seconds, jobs=jobs)

    def measure_pick_up(self, stamps: int, every_s: float) -> None:
        """Submit at a steady pace and read how long each job waited for its handler."""
        due = time.perf_counter()
        for _ in range(stamps + _WARM_STAMPS):
            due += every_s
            time.sleep(max(0.0, due - time.perf_counter()))
            self._system.submit_stamp(time.time_ns())
        until = time.perf_counter() + _READY_S
        while self._redis.llen(LATENCIES) < stamps + _WARM_STAMPS:
            if time.perf_counter() > until:
                raise SystemExit("not every stamp arrived")
            time.sleep(_LOOK_S)
        waits = [int(item) / 1e6 for item in self._redis.lrange(LATENCIES, _WARM_STAMPS, -1)]
        waits.sort()
        _say(phase="pick_up", p50_ms=_nearest(waits, 0.5), p99_ms=_nearest(waits, 0.99))

    def _submit_one(self) -> None:
        self._system.submit(self._payload)
        self._submitted += 1

    def _submit_many(self, jobs: int) -> None:
        self._system.submit_many([self._payload] * jobs)
        self._submitted += jobs

    def _wait(self, timeout_s: float) -> None:
        until = time.perf_counter() + timeout_s
        while left := self._system.left(self._submitted):
            if time.perf_counter() > until:
                raise SystemExit(f"{left} jobs are left after {timeout_s:g} s")
            time.sleep(_LOOK_S)


def _nearest(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _say(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


def _say_and_wait(**answer: Any) -> None:
    _say(**answer)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
