"""What is read of hub, dashboard and Redis while the load runs, and whether it stayed flat."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from typing import Any, Final

import httpx
import msgspec
import psutil
import redis

_FIGURES: Final = ("sealed:", "open:", "second:")  # grow for an hour by design, then no more
_GREENLETS: Final = re.compile(r"^jobhub_threads (\S+)", re.M)
_SLACK: Final = {"MB": 8.0, "": 12.0}  # what a flat reading may move by, beside its share
_SHARE: Final = 0.05


class Reading(msgspec.Struct, frozen=True):
    """One thing that is watched: its unit, and a value a sample."""

    name: str
    unit: str
    values: list[float]

    def thirds(self) -> tuple[float, float, float]:
        """The medians of the first, second and last third."""
        size = max(1, len(self.values) // 3)
        parts = (self.values[:size], self.values[size : 2 * size], self.values[-size:])
        first, second, last = (statistics.median(part) for part in parts)
        return first, second, last

    @property
    def flat(self) -> bool:
        """Whether the last third is no higher than the second; the first one is warming up."""
        _, second, last = self.thirds()
        return last <= second * (1 + _SHARE) + _SLACK[self.unit]


class Watch:
    """Takes samples."""

    def __init__(
        self, hub: int, dashboard: int, server: int, client: redis.Redis, hub_url: str
    ) -> None:
        self._processes = {"hub": hub, "dashboard": dashboard, "Redis": server}
        self._client: Any = client
        self._metrics_url = f"{hub_url}/metrics"
        self._taken: dict[tuple[str, str], list[float]] = {}

    def sample(self) -> None:
        """Read everything once."""
        for name, pid in self._processes.items():
            family = _family(pid)
            self._note(f"{name}: memory", "MB", sum(_memory_mb(process) for process in family))
            if name != "Redis":
                self._note(f"{name}: descriptors", "", sum(p.num_fds() for p in family))
                self._note(
                    f"{name}: threads of the system", "", sum(p.num_threads() for p in family)
                )
        told = httpx.get(self._metrics_url, timeout=60).text
        greenlets = float(_GREENLETS.findall(told)[0])
        self._note("hub: greenlets", "", greenlets)
        figures_keys = keys = figures_bytes = 0
        for key in self._client.scan_iter(count=2_000):
            if key.partition(b"}:")[2].decode().startswith(_FIGURES):
                figures_keys += 1
                figures_bytes += self._client.memory_usage(key, samples=20) or 0
            else:
                keys += 1
        used = self._client.info("memory")["used_memory"]
        self._note("Redis: data without figures", "MB", (used - figures_bytes) / 1e6)
        self._note("Redis: keys without figures", "", keys)
        self._note("Redis: connections", "", self._client.info("clients")["connected_clients"])

    def last(self) -> dict[str, float]:
        """The newest values by name."""
        return {name: values[-1] for (name, _), values in self._taken.items()}

    def readings(self) -> list[Reading]:
        """All that was watched."""
        return [Reading(name, unit, values) for (name, unit), values in self._taken.items()]

    def _note(self, name: str, unit: str, value: float) -> None:
        self._taken.setdefault((name, unit), []).append(value)


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _memory_mb(process: psutil.Process) -> float:
    """Memory that is this process's own: shared pages of a fork count once, for the parent."""
    return process.memory_full_info().uss / 1e6


def table(readings: Sequence[Reading]) -> str:
    """Write the medians of the thirds as markdown, and the verdict of each."""
    lines = ["| | first third | second | last | flat |", "|---|---|---|---|---|"]
    for reading in readings:
        first, second, last = (f"{value:,.0f}" for value in reading.thirds())
        name = f"{reading.name}, {reading.unit}" if reading.unit else reading.name
        lines.append(
            f"| {name} | {first} | {second} | {last} | {'yes' if reading.flat else 'NO'} |"
        )
    return "\n".join(lines)
