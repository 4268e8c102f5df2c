"""The workers of the demo, in one process: a steady fleet, and a render node that comes and goes.

Run as `python -m hub.demo.fleet`; SIGTERM ends it. Handlers only sleep, so that a laptop can watch a
busy fleet.
"""

from __future__ import annotations

import asyncio
import random
import signal
import threading
from typing import Any, Final

from hub.demo.kinds import BY_TYPE, CHECKOUT, Kind
from hub.worker import Job, NotRetryable, Worker

_AWAY_S: Final = 45.0  # how long the render node is gone: its jobs are unworkable meanwhile
_HERE_S: Final = 75.0
_DRAIN_S: Final = 40.0
_REPORT_EVERY_S: Final = 0.5

_SHOP: Final = (
    "make-thumbnail",
    "send-email",
    "write-invoice",
    "geocode-address",
    *(kind.job_type for kind in CHECKOUT),
)


def main() -> None:
    """Work until SIGTERM."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    steady = [
        _worker("oslo-1", 5, _SHOP, region="eu-north", cpu_cores=8),
        _worker("oslo-2", 5, _SHOP, region="eu-north", cpu_cores=8),
        _worker("bergen-batch", 4, ("build-report", "import-orders"), memory_gb=64),
        _worker(
            "gpu-alfa",
            3,
            ("transcode-video", "train-model"),
            gpu=True,
            gpu_memory_gb=24,
            codecs=["h264", "h265", "av1"],
        ),
        _worker(
            "gpu-bravo",
            2,
            ("transcode-video",),
            gpu=True,
            gpu_memory_gb=12,
            codecs=["h264", "h265"],
        ),
    ]
    for worker in steady:
        worker.start()
    while not stopping.wait(_AWAY_S):
        _visit(stopping)
    for worker in steady:
        worker.stop(timeout_s=0)


def _visit(stopping: threading.Event) -> None:
    """Let the render node work for a while, then drain it."""
    worker = _worker(
        "render-node", 2, ("render-scene",), gpu=True, gpu_memory_gb=48, codecs=["h265"]
    )
    worker.start()
    stopping.wait(_HERE_S)
    worker.stop(timeout_s=0 if stopping.is_set() else _DRAIN_S)


def _worker(name: str, slots: int, job_types: tuple[str, ...], **capabilities: Any) -> Worker:
    worker = Worker(worker_id=name, slots=slots, capabilities=capabilities, version="demo")
    for job_type in job_types:
        worker.job(job_type)(_play)
    return worker


class DemoError(Exception):
    """An attempt that went wrong, as it may."""


async def _play(job: Job) -> dict[str, Any]:
    kind = BY_TYPE[job.job_type]
    seconds = random.uniform(*kind.seconds)
    trouble = kind.trouble
    strikes = trouble is not None and random.random() < trouble.share
    until = random.uniform(0.3, 0.9) if strikes else 1.0
    await _pass_time(job, kind, seconds, until)
    if strikes and trouble is not None:
        raise _error(trouble.name, trouble.message, trouble.retryable)
    job.log(f"{job.job_type} done in {seconds:.1f} s")
    return {"seconds": round(seconds, 1)}


async def _pass_time(job: Job, kind: Kind, seconds: float, until: float) -> None:
    """Sleep for a share of the job, and say how far it is where it has steps."""
    if not kind.steps:
        await asyncio.sleep(seconds * until)
        return
    passed = 0.0
    while passed < seconds * until:
        share = passed / seconds
        step = kind.steps[int(share * len(kind.steps))]
        job.progress(share * 100, message=step, eta_s=seconds - passed)
        turn_s = min(_REPORT_EVERY_S, seconds * until - passed)
        await asyncio.sleep(turn_s)
        passed += turn_s


def _error(name: str, message: str, retryable: bool) -> Exception:
    """Make an error whose type has the name that the dashboard groups failures by."""
    base = DemoError if retryable else NotRetryable
    error: Exception = type(name, (base,), {})(message)
    return error


if __name__ == "__main__":
    main()
