"""Runs one system: starts its processes, lets the driver ask, reads the clocks of the processes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from bench.throughput.processes import cpu_s, running
from bench.throughput.surroundings import Server, free_port
from bench.throughput.systems import JOBHUB_SYSTEM, Peer

_STAMPS_A_SECOND = 50
_START_S = 30.0


@dataclass(frozen=True)
class Options:
    """How much is run."""

    jobs: int
    rounds: int
    payload_bytes: int
    stamps: int
    hubs: int
    fsync: str
    venv: Path


@dataclass
class Results:
    """What one system answered; lists hold one value a round."""

    drain_per_s: list[float] = field(default_factory=list)
    one_by_one_per_s: list[float] = field(default_factory=list)
    bulk_per_s: list[float] = field(default_factory=list)
    cpu_s_per_1000: dict[str, list[float]] = field(default_factory=dict)
    pick_up_p50_ms: float | None = None
    pick_up_p99_ms: float | None = None

    @property
    def drain(self) -> float:
        """Jobs a second."""
        return statistics.median(self.drain_per_s)


class Runner:
    """Runs systems on one server. Args: peers_bin: where the peers' commands are."""

    def __init__(self, options: Options, server: Server, peers_bin: Path, root: Path) -> None:
        self._options = options
        self._server = server
        self._bin = peers_bin
        self._root = root
        self._environ = {"BENCH_REDIS_URL": server.url, "PYTHONPATH": str(root)}

    def run_peer(self, peer: Peer) -> Results:
        """Measure a peer."""
        self._begin(peer.name)
        commands = [[str(self._bin / command[0]), *command[1:]] for command in peer.workers]
        with running(commands, {**self._environ, **peer.environ}, self._root) as workers:
            groups = [process.pid for process in workers]
            return self._ask(str(self._bin / "python"), peer.system, {"workers": groups}, {})

    def run_jobhub(self) -> Results:
        """Measure Jobhub with everything on: events to a monitor, metrics, leases and fences."""
        self._begin("Jobhub")
        with ExitStack() as stack:
            hubs: list[int] = []
            urls: list[str] = []
            for _ in range(self._options.hubs):
                pid, url = stack.enter_context(self._hub())
                hubs.append(pid)
                urls.append(url)
            environ = {**self._environ, "BENCH_HUB_URL": urls[0]}
            commands = [
                [
                    sys.executable,
                    "-m",
                    "bench.throughput.jobhub_worker",
                    urls[n % len(urls)],
                    f"w{n}",
                ]
                for n in range(2)
            ]
            workers = stack.enter_context(running(commands, environ, self._root))
            monitor = [sys.executable, "-m", "bench.throughput.jobhub_monitor", urls[0]]
            (watching,) = stack.enter_context(running([monitor], environ, self._root))
            sessions = {
                "hub": hubs,
                "workers": [process.pid for process in workers],
                "monitor": [watching.pid],
            }
            return self._ask(sys.executable, JOBHUB_SYSTEM, sessions, environ)

    def _begin(self, name: str) -> None:
        print(f"Running {name}", file=sys.stderr)
        redis.Redis.from_url(self._server.url).flushall()

    @contextmanager
    def _hub(self) -> Iterator[tuple[int, str]]:
        port = free_port()
        environ = {
            "PYTHONPATH": str(self._root),
            "REDIS_URL": self._server.url,
            "JOBHUB_NAMESPACE": "bench",
            "JOBHUB_PORT": str(port),
        }
        command = [sys.executable, "-m", "hub.cli", "hub"]
        with running([command], environ, self._root) as (process,):
            url = f"http://127.0.0.1:{port}"
            until = time.monotonic() + _START_S
            while not _answers(f"{url}/healthz"):
                if time.monotonic() > until:
                    raise SystemExit("the hub does not start")
                time.sleep(0.05)
            yield process.pid, url

    def _ask(
        self,
        python: str,
        system: str,
        sessions: Mapping[str, list[int]],
        environ: Mapping[str, str],
    ) -> Results:
        """Run the driver against a system whose processes are there."""
        options = self._options
        command = [
            *(python, "-m", "bench.throughput.driver", system),
            *("--groups", ",".join(map(str, sessions["workers"]))),
            *("--jobs", str(options.jobs), "--rounds", str(options.rounds)),
            *("--payload-bytes", str(options.payload_bytes)),
            *("--stamps", str(options.stamps), "--stamps-a-second", str(_STAMPS_A_SECOND)),
        ]
        driver = subprocess.Popen(
            command,
            cwd=self._root,
            env={**self._environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        results = Results()
        clocks = {"redis": [self._server.pid], **sessions}
        before: dict[str, float] = {}
        assert driver.stdin is not None and driver.stdout is not None
        for line in driver.stdout:
            answer = json.loads(line)
            if answer["phase"].startswith("drain_"):
                now = {part: cpu_s(pids) for part, pids in clocks.items()}
                if answer["phase"] == "drain_ends":
                    for part, used_s in now.items():
                        spent = (used_s - before[part]) * 1_000 / answer["jobs"]
                        results.cpu_s_per_1000.setdefault(part, []).append(spent)
                before = now
                driver.stdin.write("\n")
                driver.stdin.flush()
            _note(results, answer)
        if driver.wait() != 0:
            raise SystemExit(f"{system} failed")
        return results


def _note(results: Results, answer: dict[str, float | str]) -> None:
    match answer:
        case {"phase": "one_by_one", "per_s": float(per_s)}:
            results.one_by_one_per_s.append(per_s)
        case {"phase": "bulk", "per_s": float(per_s)}:
            results.bulk_per_s.append(per_s)
        case {"phase": "drain_ends", "per_s": float(per_s)}:
            results.drain_per_s.append(per_s)
        case {"phase": "pick_up", "p50_ms": float(p50_ms), "p99_ms": float(p99_ms)}:
            results.pick_up_p50_ms, results.pick_up_p99_ms = p50_ms, p99_ms


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False
