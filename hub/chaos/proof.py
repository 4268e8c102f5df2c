"""Runs the proof: hubs, workers, monitors with lossy links, a load and a saboteur; then compares with Redis.

What was acknowledged to the load must be there at the end, once: hub.chaos.ledger says how.

When the load has stopped, every monitor must come to show what Redis holds at the same seq: records,
lists in their order, counts, workers. On the way every frame that was lost on purpose must have been
noticed, and nothing else may have looked like a loss.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from hub.chaos.ledger import Ledger
from hub.chaos.link import Link
from hub.chaos.load import JOB_TYPES, WORKERS, Load
from hub.chaos.monitor import ChaosMonitor
from hub.chaos.processes import HubProcess, WorkerProcess
from hub.chaos.redis_server import ChaosRedis
from hub.chaos.saboteur import Saboteur
from hub.chaos.sdk import SdkClient
from hub.config import load_settings
from hub.errors import Unavailable
from hub.keys import Keys
from hub.redis_service import RedisService
from hub.snapshot import SnapshotReader

NAMESPACE: Final = "chaos"
_FORMS: Final = ("compact", "plain")
SETTLE_S: Final = 60.0
_LOOK_S: Final = 0.1
_LEASE_S: Final = 4.0  # short, so that a worker that is stopped for a while loses its jobs
_HEARTBEAT_S: Final = 1.0
_WORKERS: Final = 2
_RING: Final = 2_000  # small, so that monitors fall out of it
_STREAM: Final = 20_000
FILTERS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"job_types": ["mail"]},
    {"worker_ids": list(WORKERS[:2])},
    {"priority_range": [60, 100]},
    {"job_types": ["rare"]},
    {"job_types": list(JOB_TYPES[:2]), "priority_range": [0, 50]},
)

Process = TypeVar("Process", HubProcess, WorkerProcess)


class Plan(msgspec.Struct, frozen=True):
    """How long and how hard. `pause_s`: between two failures worse than a killed subscription."""

    seconds: float = 30.0
    seed: int = 1
    hubs: int = 2
    monitors: int = 8
    pause_s: float = 1.0
    drop_share: float = 0.003


class Report(msgspec.Struct):
    """What happened, and what is wrong: nothing, when `differences` is empty and no alarm was false."""

    plan: Plan
    transitions: int = 0
    transitions_per_s: float = 0.0
    settled_after_s: float = 0.0
    kill_every_ms: float = 0.0  # every subscription to the event log, in the median
    sabotage: dict[str, int] = {}
    monitors: dict[str, int] = {}
    history: dict[str, int] = {}
    differences: list[str] = []

    @property
    def passed(self) -> bool:
        """Whether every monitor shows what Redis holds, and every loss was noticed and no other."""
        false = self.monitors.get("false alarms", 0) + self.monitors.get("unnoticed", 0)
        return not self.differences and not false


@dataclass
class _Stage:
    """Everything that takes part."""

    server: ChaosRedis
    hubs: list[HubProcess]
    workers: list[WorkerProcess]
    monitors: list[ChaosMonitor]
    ledger: Ledger
    saboteur: Saboteur
    client: SdkClient


def run(plan: Plan, tell: Callable[[str], None] = lambda line: None) -> Report:
    """Run the proof; takes the plan's time and up to a minute to settle.

    Args:   tell: is given a line for everything that begins.
    Raises: Unavailable: Redis or a hub did not start.
    """
    report = Report(plan)
    with ExitStack() as stack:
        stage = _set_up(stack, plan)
        tell(
            f"{plan.hubs} hubs, {_WORKERS} workers, {plan.monitors} monitors; "
            f"breaking things for {plan.seconds:g} s"
        )
        _drive(stage, report)
        tell(f"{report.transitions} transitions; waiting for the monitors to show what Redis holds")
        started = time.monotonic()
        report.differences = _settle(stage)
        report.settled_after_s = time.monotonic() - started
        _look_back(stage, report)
    return report


def _set_up(stack: ExitStack, plan: Plan) -> _Stage:
    """Start it all; `stack` ends it."""
    server = ChaosRedis()
    stack.callback(server.close)
    hubs = [_started(stack, HubProcess(_environ(server))) for _ in range(plan.hubs)]
    count = plan.monitors + _WORKERS + 1
    links = [_link(stack, hubs[place % plan.hubs]) for place in range(count)]
    *worker_links, client_link = links[plan.monitors :]
    monitors = [
        _monitor(stack, place, link, plan) for place, link in enumerate(links[: plan.monitors])
    ]
    workers = [_started(stack, WorkerProcess(_url(link))) for link in worker_links]
    rng, ledger = random.Random(plan.seed), Ledger()
    saboteur = Saboteur(
        server, Keys(NAMESPACE), hubs, workers, links, rng, pause_s=plan.pause_s, ledger=ledger
    )
    client = SdkClient(_url(client_link), random.Random(plan.seed), ledger)
    return _Stage(server, hubs, workers, monitors, ledger, saboteur, client)


def _look_back(stage: _Stage, report: Report) -> None:
    """Check the history, and note what was done to whom."""
    service = RedisService(stage.server.url, Keys(NAMESPACE))
    report.differences += stage.ledger.differences(service)
    service.close()
    traces = sum(process.traces for process in (*stage.hubs, *stage.workers))
    if traces:
        report.differences.append(f"hubs or workers printed {traces} stack traces")
    report.history = dict(stage.ledger.counted)
    report.sabotage = dict(stage.saboteur.counted)
    report.kill_every_ms = stage.saboteur.kill_every_ms
    report.differences += [alarm for monitor in stage.monitors for alarm in monitor.alarms]
    report.monitors = dict(sum((monitor.counted for monitor in stage.monitors), Counter[str]()))


def _environ(server: ChaosRedis) -> dict[str, str]:
    """The settings of every hub of the proof."""
    return {
        "REDIS_URL": server.url,
        "JOBHUB_NAMESPACE": NAMESPACE,
        "JOBHUB_DATA_DIR": str(server.path),
        "JOBHUB_RING_EVENTS": str(_RING),
        "JOBHUB_STREAM_EVENTS": str(_STREAM),
        "JOBHUB_LEASE_S": str(_LEASE_S),
        "JOBHUB_HEARTBEAT_S": str(_HEARTBEAT_S),
    }


def _started(stack: ExitStack, process: Process) -> Process:
    stack.callback(process.kill)
    return process


def _url(link: Link) -> str:
    return f"http://127.0.0.1:{link.port}"


def _link(stack: ExitStack, hub: HubProcess) -> Link:
    link = Link(("127.0.0.1", hub.port))
    stack.callback(link.close)
    return link


def _monitor(stack: ExitStack, place: int, link: Link, plan: Plan) -> ChaosMonitor:
    monitor = ChaosMonitor(
        f"monitor-{place}",
        lambda: f"ws://127.0.0.1:{link.port}",
        FILTERS[place % len(FILTERS)],
        random.Random(f"{plan.seed}-{place}"),
        drop_share=plan.drop_share,
        form=_FORMS[(place + place // len(FILTERS)) % 2],
    )
    monitor.start()
    stack.callback(monitor.stop)
    return monitor


def _drive(stage: _Stage, report: Report) -> None:
    """Load and sabotage for the time of the plan, then let everything come to its end."""
    plan, server = report.plan, stage.server
    settings = load_settings(_environ(server))
    rng = random.Random(plan.seed)
    load = Load(server.url, NAMESPACE, settings, rng, backlog=300, ledger=stage.ledger)
    stopping = threading.Event()
    thread = threading.Thread(target=load.run, args=(stopping,), name="load", daemon=True)
    stage.client.start()
    thread.start()
    stage.saboteur.start()
    started = time.monotonic()
    stopping.wait(plan.seconds)
    stage.saboteur.stop()
    stopping.set()
    stage.client.stop()
    thread.join(30.0)
    report.transitions = load.transitions
    report.transitions_per_s = load.transitions / (time.monotonic() - started)
    load.finish(SETTLE_S)
    load.close()


def _settle(stage: _Stage) -> list[str]:
    """Wait until every monitor was seen to show what Redis holds; returns what still differs."""
    service = RedisService(stage.server.url, Keys(NAMESPACE))
    snapshots = SnapshotReader(service)
    for monitor in stage.monitors:
        monitor.drop_share = 0.0
    left = {monitor.name: monitor for monitor in stage.monitors}
    found: list[str] = []
    until = time.monotonic() + SETTLE_S
    pause = threading.Event()
    while left and time.monotonic() < until:
        try:
            truth = msgspec.json.decode(snapshots.read(deep=True).document())
        except Unavailable:
            continue
        found = []
        for name, monitor in list(left.items()):
            with monitor.lock:
                differences = monitor.model.differences(truth, settled=True)
            found += [f"{name}: {difference}" for difference in differences]
            if not differences:
                del left[name]
        pause.wait(_LOOK_S)
    service.close()
    return found if left else []
