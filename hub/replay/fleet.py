"""The simulated workers of a replay: processes of their own, which end with the player."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from hub import limits
from hub.client import HubClient
from hub.config import Settings, environment
from hub.errors import InvalidInput, Unavailable

_START_S: Final = 60.0
_STOP_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.1


@contextmanager
def simulated_workers(
    settings: Settings,
    client: HubClient,
    name: str,
    job_types: Sequence[str],
    *,
    workers: int,
    slots: int,
) -> Iterator[None]:
    """Run `workers` processes of `slots` slots each for the time of the block; all are connected in it.

    Raises: InvalidInput: more job types than a worker may take. Unavailable: one does not connect.
    """
    if len(job_types) > limits.JOB_TYPES_A_WORKER:
        raise InvalidInput(
            f"the trace has {len(job_types)} queues; a worker takes {limits.JOB_TYPES_A_WORKER}",
            field="FILE",
        )
    processes = {
        worker_id: _start(settings, worker_id, slots, job_types)
        for worker_id in (f"{name}-w{number}" for number in range(1, workers + 1))
    }
    try:
        _wait_connected(client, processes)
        yield
    finally:
        _stop(list(processes.values()))


def _start(
    settings: Settings, worker_id: str, slots: int, job_types: Sequence[str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "hub.replay.work", worker_id, str(slots), *job_types],
        stdin=subprocess.PIPE,
        env={**os.environ, **environment(settings)},
        start_new_session=True,  # Ctrl-C ends the player, and the player ends them
    )


def _wait_connected(client: HubClient, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + _START_S
    while True:
        connected = {worker.worker_id for worker in client.workers() if worker.status != "offline"}
        if processes.keys() <= connected:
            return
        for worker_id, process in processes.items():
            if process.poll() is not None:
                raise Unavailable(f"the worker {worker_id} ended with {process.returncode}")
        if time.monotonic() > until:
            raise Unavailable("the simulated workers did not connect")
        time.sleep(_LOOK_EVERY_S)


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.stdin is not None:
            process.stdin.close()
    until = time.monotonic() + _STOP_S
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
