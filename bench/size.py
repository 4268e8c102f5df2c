"""Does a move of a job cost the same however much there is? And how much memory does a job take?

    python -m bench.size [--pending 1000000] [--finished 100000] [--lanes 200]

Starts a Redis of its own without persistence. A cost is the CPU time of Redis' main thread a script call, so
that a busy machine does not change it; the median of several rounds is shown. Memory is `used_memory`
with a short event log, less what the namespace took before.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import redis

from hub import limits, reports, scripts
from hub.config import load_settings
from hub.embedded import find_program
from hub.keys import Keys
from hub.lane_fitter import LaneFitter
from hub.messages import Register, Requirements, SubmitRequest
from hub.redis_service import RedisService
from hub.submission import new_job
from hub.worker_registry import WorkerRegistry

TURNS: Final = 3
ROUNDS: Final = 3  # a turn
OPS: Final = 400  # a round
PIPELINE: Final = 400
BULK: Final = 200  # jobs a script, where nothing is measured
EVENTS: Final = 1_000  # what the log keeps: the same in every size
LIMIT: Final = 1.5  # times the cost of the smallest size
GRANT: Final = {"lease_ms": 3_600_000, "accept_ms": 3_600_000, "connection_id": ""}


class Scene:
    """One namespace of a given size, with a worker that fits every lane."""

    def __init__(self, url: str, name: str, lanes: int) -> None:
        self.service = RedisService(url, Keys(name), stream_events=EVENTS)
        self.service.redis.ping()
        self.lanes = lanes
        self.submitted = 0
        registry = WorkerRegistry(self.service, load_settings({}, {"redis_url": url}))
        sizes = {f"size{number}": 1 for number in range(lanes)}
        worker = Register(worker_id="w", job_types=["demo"], capabilities=sizes, slots=1_000)
        registry.register(worker, "c")

    def script(self, name: str) -> scripts.Script:
        """The script that is measured."""
        return scripts.load(name)

    def call(self, script_name: str, calls: list[dict[str, Any]]) -> list[Any]:
        """Run a script once for each set of arguments, pipelined."""
        script = self.script(script_name)
        self.service.redis.script_load(script.text)
        keys = [self.service.keys.key(key) for key in script.keys]
        replies: list[Any] = []
        for start in range(0, len(calls), PIPELINE):
            with self.service.redis.pipeline(transaction=False) as pipe:
                for args in calls[start : start + PIPELINE]:
                    values = [args[arg] for arg in script.args]
                    pipe.execute_command("EVALSHA", script.sha, len(keys), *keys, *values)
                replies += pipe.execute()
        return replies

    def submit(self, count: int) -> None:
        """Submit jobs to the lanes in turn."""
        self.call("submit_jobs", [self._jobs(1) for _ in range(count)])
        self._fit()

    def fill(self, count: int) -> None:
        """Submit jobs, many a script: to have them, not to measure."""
        while count > 0:
            calls = [
                self._jobs(min(BULK, count - done)) for done in range(0, min(count, 10_000), BULK)
            ]
            self.call("submit_jobs", calls)
            count -= 10_000
        self._fit()

    def _fit(self) -> None:
        while not LaneFitter(self.service).refresh():
            pass

    def _jobs(self, count: int) -> dict[str, Any]:
        jobs = [self._job() for _ in range(count)]
        return {"jobs": msgspec.json.encode(jobs), "lanes_max": limits.LANES}

    def _job(self) -> Any:
        number = self.submitted % self.lanes
        self.submitted += 1
        requirements = Requirements(must={f"size{number}": 1}) if number else None
        payload = msgspec.Raw(b'{"text":"' + b"x" * 100 + b'"}')
        request = SubmitRequest(job_type="demo", payload=payload, requirements=requirements)
        return new_job(request, "bench")

    def claim(self, count: int) -> list[tuple[str, str]]:
        """Claim jobs one by one; returns job ids and fences."""
        return self._claimed([1] * count)

    def _claimed(self, limits_: list[int]) -> list[tuple[str, str]]:
        args = {"worker_id": "w", "hurried": "", **GRANT}
        replies = self.call("claim_jobs", [{**args, "limit": limit} for limit in limits_])
        return [(given[0].decode(), given[1].decode()) for reply in replies for given in reply]

    def complete(self, grants: list[tuple[str, str]]) -> None:
        """Report each job as started and completed, in one message each."""
        self.call("settle_jobs", [self._settle([grant]) for grant in grants])

    def _settle(self, grants: list[tuple[str, str]]) -> dict[str, Any]:
        told: list[reports.Report] = []
        for job_id, fence in grants:
            told.append(reports.started(job_id, int(fence)))
            told.append(reports.completed(job_id, int(fence), b"1"))
        return {"worker_id": "w", "reports": reports.write_reports(told), "claim": 0, **GRANT}

    def finish(self, count: int) -> None:
        """Submit, claim and complete jobs, many a script."""
        for start in range(0, count, BULK):
            self.fill(min(BULK, count - start))
            while grants := self._claimed([BULK]):
                self.call("settle_jobs", [self._settle(grants)])

    def cpu_us(self) -> float:
        """CPU time of Redis' main thread so far."""
        info = self.service.redis.info("cpu")
        return 1e6 * (info["used_cpu_user_main_thread"] + info["used_cpu_sys_main_thread"])

    def memory(self) -> int:
        """Bytes that Redis holds now."""
        return int(self.service.redis.info("memory")["used_memory"])

    def costs(self) -> dict[str, float]:
        """CPU a call in microseconds, the median round."""
        found: dict[str, list[float]] = {"submit": [], "claim": [], "complete": []}
        for _ in range(ROUNDS):
            marks = [self.cpu_us()]
            self.submit(OPS)
            marks.append(self.cpu_us())
            grants = self.claim(OPS)
            marks.append(self.cpu_us())
            self.complete(grants)
            marks.append(self.cpu_us())
            for rounds, begun, ended in zip(found.values(), marks, marks[1:], strict=False):
                rounds.append((ended - begun) / OPS)
        return {name: statistics.median(rounds) for name, rounds in found.items()}


@contextmanager
def own_redis() -> Iterator[str]:
    """A Redis for this run."""
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "redis.sock"
        process = subprocess.Popen(
            [find_program(), "--port", "0", "--unixsocket", str(socket), "--save", ""],
            stdout=subprocess.DEVNULL,
            cwd=directory,
        )
        try:
            url = f"unix://{socket}"
            client = redis.Redis.from_url(url)
            while True:
                try:
                    client.ping()
                    break
                except redis.RedisError:
                    process.poll()
            yield url
        finally:
            process.kill()
            process.wait()


def main() -> None:
    """Measure, print a table, and fail when a size costs more than LIMIT times the smallest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pending", type=int, default=1_000_000)
    parser.add_argument("--finished", type=int, default=100_000)
    parser.add_argument("--lanes", type=int, default=200)
    options = parser.parse_args()
    sizes = [
        (1_000, 1, 0),
        (1_000, options.lanes, 0),
        (1_000, 1, options.finished),
        (options.pending, 1, 0),
    ]
    print("| pending | lanes | finished kept | submit | claim | start + complete | bytes a job |")
    print("|---|---|---|---|---|---|---|")
    too_dear = set()
    with own_redis() as url:
        small = Scene(url, "small", 1)
        small.finish(3 * OPS)
        small.fill(1_000)
        for size in sizes:
            costs, times, job_bytes = measure(small, *size)
            cells = [f"{us:.0f} us ({times[name]:.2f}x)" for name, us in costs.items()]
            shown = f"{job_bytes:,.0f}" if max(size[0], size[2]) > 1_000 else "–"
            print("|", " | ".join([*map("{:,}".format, size), *cells, shown]), "|", flush=True)
            too_dear |= {name for name in times if times[name] > LIMIT}
    if too_dear:
        raise SystemExit(f"over {LIMIT} times the smallest size: {', '.join(sorted(too_dear))}")


def measure(
    small: Scene, pending: int, lanes: int, finished: int
) -> tuple[dict[str, float], dict[str, float], float]:
    """Fill a Redis; returns costs, their ratio to `small`'s, and bytes of a finished, else pending job.

    The two are measured in turn: a busy machine makes the caches, and so CPU time, slower for both.
    """
    with own_redis() as url:
        scene = Scene(url, "size", lanes)
        scene.finish(3 * OPS)  # the scripts and the log are there before anything is measured
        empty = scene.memory()
        scene.finish(finished)
        held, jobs = scene.memory() - empty, finished
        scene.fill(pending)
        if not finished:
            held, jobs = scene.memory() - empty, pending
        turns = [(small.costs(), scene.costs()) for _ in range(TURNS)]
    costs = {name: statistics.median(turn[1][name] for turn in turns) for name in turns[0][0]}
    base = {name: statistics.median(turn[0][name] for turn in turns) for name in turns[0][0]}
    return costs, {name: us / base[name] for name, us in costs.items()}, held / jobs


if __name__ == "__main__":
    main()
