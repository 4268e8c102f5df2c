"""Runs handlers in processes, one a slot: for work that keeps the processor busy.

A thread of the worker stands for each process: it hands over a job, passes reports on and takes the
result, which the process has encoded already. A cancelled job's process is told, and killed when it
does not stop in time; a process that dies fails its job and is replaced.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import time
from collections import deque
from collections.abc import Mapping
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

import msgspec

from hub.errors import InvalidInput
from hub.worker.child import serve
from hub.worker.execution import Execution
from hub.worker.handlers import Handler, released
from hub.worker.wire import write_failure

CANCEL_GRACE_S: Final = 5.0
_END_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.5  # how soon a cancel is followed by the look at its grace

# Started afresh: a fork would copy the locks of this program's threads in whatever state they are.
_processes: Final = multiprocessing.get_context("spawn")


class ProcessPool:
    """Processes for handlers.

    Args:   handlers: by job type; functions at the top level of a module.
    Raises: InvalidInput: a handler cannot be found by name in another process.
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        for job_type, handler in handlers.items():
            try:
                pickle.dumps(handler)
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                raise InvalidInput(
                    f"the handler of {job_type!r} must be a function at the top level of a module, "
                    f"or another process cannot find it: {error}",
                    field="pool",
                ) from error
        self._handlers = dict(handlers)
        self._idle: deque[_Child] = deque()
        self._busy: set[_Child] = set()
        self._stopped = False

    def start(self, count: int) -> None:
        """Start the processes; they load the program at the same time."""
        self._idle.extend(_Child(self._handlers) for _ in range(count))

    def stop(self) -> None:
        """End the processes. One that is busy is killed: its job was given back."""
        self._stopped = True
        for child in list(self._busy):
            child.kill()
        while self._idle:
            self._idle.pop().end()

    def call(self, execution: Execution) -> bytes:
        """Run one job in a process; returns the message with its result."""
        try:
            child = self._idle.popleft()
        except IndexError:
            child = _Child(self._handlers)
        self._busy.add(child)
        try:
            result = child.run(execution)
        finally:
            self._busy.discard(child)
        if self._stopped or not child.alive:
            child.end()
        else:
            self._idle.append(child)
        return result


class _Child:
    """One process and the pipe to it; used by one thread at a time."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._pipe, theirs = _processes.Pipe()
        self._process: SpawnProcess = _processes.Process(
            target=serve, args=(theirs, dict(handlers)), name="jobhub-job", daemon=True
        )
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether it can take a job."""
        return self._process.is_alive()

    def run(self, execution: Execution) -> bytes:
        """Hand over a job and wait for its result, or for the end of the process."""
        job = execution.job
        try:
            self._pipe.send(("job", msgspec.json.encode(job.assignment)))
            return self._follow(execution)
        except (EOFError, OSError):
            self._process.join(_END_S)
            if job.cancelled:
                return released(job, execution.fence)
            return write_failure(job.job_id, execution.fence, self._death())

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self._process.kill()

    def end(self) -> None:
        """End the process: it does nothing now, or nobody wants what it does."""
        self._pipe.close()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_END_S)

    def _follow(self, execution: Execution) -> bytes:
        told_at: float | None = None
        while True:
            ready = wait([self._pipe], _LOOK_EVERY_S)
            if ready:
                kind, content = self._pipe.recv()
                if kind == "result":
                    return bytes(content)
                report = execution.progress if kind == "progress" else execution.log
                report(content)
            if execution.job.cancelled and told_at is None:
                told_at = time.monotonic()
                self._pipe.send(("cancel", execution.job.cancel_reason))
            elif told_at is not None and time.monotonic() - told_at > CANCEL_GRACE_S:
                self._process.kill()

    def _death(self) -> dict[str, Any]:
        code = self._process.exitcode
        how = f"exit status {code}"
        if code is not None and code < 0:
            how = signal.Signals(-code).name
        message = f"the process of the handler ended with {how}"
        return {"type": "ProcessDied", "message": message, "retryable": True}
