"""What is read of hub, dashboard and Redis while the load runs, and whether it stayed flat."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import httpx
import msgspec
import psutil
import redis

_FIGURES: Final = ("sealed:", "open:", "second:")  # grow for an hour by design, then no more
_THREADS: Final = re.compile(r"^jobhub_threads (\S+)", re.M)
# When all that is bounded is full: finished jobs, rings, and the 1,000 workers that are remembered.
_STEADY_FROM: Final = 0.45  # of the time
_SLACK: Final = {
    "MB": 4.0,
    "": 12.0,
}  # what a flat reading may rise by in the steady part, or its share
_SHARE: Final = 0.05
_HOUR_S: Final = 3_600.0


class Reading(msgspec.Struct, frozen=True):
    """One thing that is watched: its unit, a value a sample, and whether it has to be flat."""

    name: str
    unit: str
    judged: bool
    at_s: list[float]
    values: list[float]

    @property
    def steady(self) -> list[float]:
        """The values of the steady part."""
        return self.values[int(len(self.values) * _STEADY_FROM) :]

    @property
    def an_hour(self) -> float:
        """The slope of the steady part: the median of those between any two samples (Theil and Sen)."""
        points = list(zip(self.at_s[-len(self.steady) :], self.steady, strict=True))
        slopes = [(v2 - v1) / (t2 - t1) for (t1, v1), (t2, v2) in combinations(points, 2)]
        return statistics.median(slopes or [0.0]) * _HOUR_S

    @property
    def flat(self) -> bool:
        """Whether it rises by no more than noise in the steady part."""
        rise = self.an_hour * (self.at_s[-1] - self.at_s[-len(self.steady)]) / _HOUR_S
        return rise <= max(_SHARE * statistics.median(self.steady), _SLACK[self.unit])


class Watch:
    """Takes samples."""

    def __init__(
        self, hub: int, dashboard: int, server: int, client: redis.Redis, hub_url: str
    ) -> None:
        self._processes = {"hub": hub, "dashboard": dashboard, "Redis": server}
        self._client: Any = client
        self._metrics_url = f"{hub_url}/metrics"
        self._at_s: list[float] = []
        self._taken: dict[tuple[str, str, bool], list[float]] = {}

    def sample(self) -> None:
        """Read everything once."""
        self._at_s.append(time.monotonic())
        connections = self._client.info("clients")["connected_clients"]
        for name, pid in self._processes.items():
            family = _family(pid)
            memory_mb = sum(_memory_mb(process) for process in family)
            # What Redis was given it keeps: its data are judged.
            self._note(f"{name}: memory", "MB", memory_mb, judged=name != "Redis")
            if name != "Redis":
                descriptors = sum(p.num_fds() for p in family)
                pooled = connections if name == "hub" else 0  # judged as Redis' connections
                self._note(f"{name}: descriptors", "", descriptors - pooled)
                self._note(
                    f"{name}: threads of the system", "", sum(p.num_threads() for p in family)
                )
        told = httpx.get(self._metrics_url, timeout=60).text
        threads = float(_THREADS.findall(told)[0])
        self._note("hub: threads of its own", "", threads)
        figures_keys = keys = figures_bytes = 0
        for key in self._client.scan_iter(count=2_000):
            if key.partition(b"}:")[2].decode().startswith(_FIGURES):
                figures_keys += 1
                figures_bytes += self._client.memory_usage(key, samples=20) or 0
            else:
                keys += 1
        used = self._client.info("memory")["used_memory"]
        self._note("Redis: figures", "MB", figures_bytes / 1e6, judged=False)
        self._note("Redis: keys of figures", "", figures_keys, judged=False)
        self._note("Redis: data without figures", "MB", (used - figures_bytes) / 1e6)
        self._note("Redis: keys without figures", "", keys)
        self._note("Redis: connections", "", connections)

    def last(self) -> dict[str, float]:
        """The newest values by name."""
        return {name: values[-1] for (name, *_), values in self._taken.items()}

    def readings(self) -> list[Reading]:
        """All that was watched."""
        return [Reading(*named, self._at_s[:], values[:]) for named, values in self._taken.items()]

    def _note(self, name: str, unit: str, value: float, *, judged: bool = True) -> None:
        self._taken.setdefault((name, unit, judged), []).append(value)


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _memory_mb(process: psutil.Process) -> float:
    """Memory that is this process's own: shared pages of a fork count once, for the parent."""
    return process.memory_full_info().uss / 1e6


def table(readings: Sequence[Reading]) -> str:
    """Write the steady part of each as markdown: lowest, median and highest, slope and verdict."""
    lines = ["| | lowest | median | highest | an hour | flat |", "|---|---|---|---|---|---|"]
    for reading in readings:
        steady = reading.steady
        low, middle, high = min(steady), statistics.median(steady), max(steady)
        name = f"{reading.name}, {reading.unit}" if reading.unit else reading.name
        verdict = ("yes" if reading.flat else "NO") if reading.judged else "not judged"
        lines.append(
            f"| {name} | {low:,.0f} | {middle:,.0f} | {high:,.0f} | {reading.an_hour:+,.1f} | {verdict} |"
        )
    return "\n".join(lines)
