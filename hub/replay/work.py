"""What a replayed job carries, and what a simulated worker does with it.

Run as `python -m hub.replay.work WORKER_ID SLOTS JOB_TYPE...`: a process of its own, which ends when
its standard input does, so it never outlives the player that started it.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Final

import msgspec

from hub.client import HubClient
from hub.errors import Conflict
from hub.replay.trace import Outcome
from hub.worker import Job, NotRetryable, Worker

_PROGRESS_FROM_S: Final = 2.0  # shorter jobs are over before anyone looks
_PROGRESS_STEPS: Final = 10


class Task(msgspec.Struct, frozen=True):
    """The payload: how long the job runs (real seconds), and how it ends."""

    row: int
    run_s: float
    outcome: Outcome


class TraceFailure(NotRetryable):
    """The trace says that this job failed."""


def build_worker(client: HubClient, worker_id: str, slots: int, job_types: list[str]) -> Worker:
    """Make a worker that plays every job type."""
    worker = Worker(worker_id=worker_id, slots=slots, version="replay")

    async def play(job: Job) -> dict[str, int]:
        task = job.payload_as(Task)
        await _run(job, task)
        if task.outcome == "failed":
            raise TraceFailure(f"row {task.row} failed in the trace")
        if task.outcome == "cancelled":
            with suppress(Conflict):  # an earlier attempt's cancel got through after all
                await asyncio.to_thread(client.cancel, job.job_id)
            await asyncio.Event().wait()  # until the hub says that the run is over
        return {"row": task.row}

    for job_type in job_types:
        worker.job(job_type)(play)
    return worker


async def _run(job: Job, task: Task) -> None:
    if task.run_s < _PROGRESS_FROM_S:
        await asyncio.sleep(task.run_s)
        return
    for step in range(_PROGRESS_STEPS):
        job.progress(step, of=_PROGRESS_STEPS)
        await asyncio.sleep(task.run_s / _PROGRESS_STEPS)


def main(worker_id: str, slots: int, job_types: list[str]) -> None:
    """Work until standard input ends; what runs then is given back."""
    with HubClient() as client:
        worker = build_worker(client, worker_id, slots, job_types)
        worker.start()
        sys.stdin.buffer.read()
        worker.stop(timeout_s=0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
