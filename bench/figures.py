"""What do figures cost: Redis' CPU a job with and without them, and a second's closing?

    python -m bench.figures

Starts a Redis of its own. The scripts of a job's three moves run as they are, and with everything that notes
figures taken out, in turn; a cost is CPU time of Redis' main thread, the least of nine rounds. Closing is
measured with one job of each of so many types in a second. What rows weigh: `python -m bench.analytics`.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1
from typing import Final

import msgspec

from bench.size import OPS, Scene, own_redis
from hub import scripts
from hub.messages import SubmitRequest
from hub.submission import new_job
from hub.totals import BOUNDS_MS

SECONDS: Final = 20
ROUNDS: Final = 9
_WRITERS: Final = re.compile(
    r"(local function (?:bump|observe|shift_level|shift_pending|\w*promise)\([^)]*\)\n)"
)


class Plain(Scene):
    """The same moves, of which nobody keeps figures."""

    def script(self, name: str) -> scripts.Script:
        """The script with empty functions in place of those that note figures."""
        script = scripts.load(name)
        text = _WRITERS.sub(r"\1  if true then return end\n", script.text)
        digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
        return replace(script, text=text, sha=digest)


def moves(url: str) -> Iterator[tuple[str, list[float], list[float]]]:
    """Each move with its CPU in microseconds, and its Redis commands: with figures, without."""
    scenes = (Scene(url, "figures", 1), Plain(url, "plain", 1))
    for scene in scenes:
        scene.finish(3 * OPS)
    turns = [[_cost(scene) for scene in scenes] for _ in range(ROUNDS)]
    for move, name in enumerate(("submit", "claim", "start + complete")):
        us, commands = (
            [min(turn[side][move][what] for turn in turns) for side in (0, 1)] for what in (0, 1)
        )
        yield name, us, commands


def _cost(scene: Scene) -> list[tuple[float, float]]:
    """CPU and commands a call of the three moves."""
    marks = [_mark(scene)]
    scene.submit(OPS)
    marks.append(_mark(scene))
    grants = scene.claim(OPS)
    marks.append(_mark(scene))
    scene.complete(grants)
    marks.append(_mark(scene))
    return [
        ((end[0] - begin[0]) / OPS, (end[1] - begin[1]) / OPS)
        for begin, end in itertools.pairwise(marks)
    ]


def _mark(scene: Scene) -> tuple[float, int]:
    told = scene.service.redis.info("commandstats")
    return scene.cpu_us(), sum(command["calls"] for command in told.values())


def closing_us(url: str, types: int) -> float:
    """CPU of closing one second in which a job of each type was submitted."""
    scene = Scene(url, f"closing-{types}", 1)
    service, costs, bounds = scene.service, [], msgspec.json.encode(BOUNDS_MS)
    for _ in range(SECONDS):
        requests = [SubmitRequest(job_type=f"type-{number}") for number in range(types)]
        jobs = msgspec.json.encode([new_job(request, "bench") for request in requests])
        service.run("submit_jobs", jobs=jobs, lanes_max=1_000)
        service.redis.hincrby(service.keys.meta, "offset_ms", 1_000)
        before = scene.cpu_us()
        closed = service.run("close_seconds", limit=300, stats_kept=3_600, bounds_ms=bounds)
        costs.append((scene.cpu_us() - before) / max(1, closed))
    return statistics.median(costs)


def main() -> None:
    """Measure and print two tables."""
    with own_redis() as url:
        print("| move | us with figures | us without | commands with | commands without |")
        print("|---|---|---|---|---|")
        for name, us, commands in moves(url):
            cells = [f"{us[0]:.0f}", f"{us[1]:.0f}", *(f"{number:.1f}" for number in commands)]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
        print("\n| job types active in a second | us to close it |")
        print("|---|---|")
        for types in (1, 10, 100):
            print(f"| {types} | {closing_us(url, types):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
