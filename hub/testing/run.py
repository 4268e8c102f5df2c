"""Runs one handler here and now, under the rules that hold on a hub."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hub import limits
from hub.client import JobFailed
from hub.errors import InvalidInput
from hub.records import JobError
from hub.worker import Job, Worker
from hub.worker.handlers import completed, failed, is_coroutine
from hub.worker.wire import Assignment


@dataclass
class Run:
    """What one attempt did. `progress` and `log` are in the order of their reports."""

    status: str = "running"  # completed, failed, or cancelled: the handler was told and gave up
    error: JobError | None = None
    progress: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    _result: Any = None

    @property
    def result(self) -> Any:
        """What the handler returned, as a client would get it: through JSON.

        Raises: JobFailed: it did not complete.
        """
        if self.status != "completed":
            raise JobFailed("test", self.error or JobError(type=self.status.capitalize()))
        return self._result


class _Message(msgspec.Struct):
    type: str
    result: Any = None
    error: JobError | None = None


class _Recorder:
    """Takes a job's reports, and cancels it after so many."""

    def __init__(self, run: Run, cancel_after: int | None, reason: str) -> None:
        self._run = run
        self._left = cancel_after
        self._reason = reason
        self.job: Job | None = None

    def progress(self, report: dict[str, Any]) -> None:
        """Keep a report."""
        self._run.progress.append(report)
        self.count()

    def log(self, lines: list[str]) -> None:
        """Keep lines."""
        self._run.log += lines

    def count(self) -> None:
        """Cancel when the number of reports is reached."""
        if self._left is None or self.job is None:
            return
        if self._left <= 0:
            self.job.cancel(self._reason)
        self._left -= 1


def run_job(
    worker: Worker,
    job_type: str,
    payload: Any = None,
    *,
    attempt: int = 1,
    timeout_s: float = 3_600.0,
    cancel_after: int | None = None,
    cancel_reason: str = "cancelled",
    **record: Any,
) -> Run:
    """Run the worker's handler of a type once; nothing is sent anywhere.

    Payload, result and error go through the same encoding and limits as on a hub.

    Args:   cancel_after: tell the handler that its run is over after so many progress reports; 0: from
            the start. record: other fields of the job, such as `customer_id`.
    Raises: InvalidInput: there is no such handler, or the payload cannot be submitted.
    """
    handler = worker.handler(job_type)
    if handler is None:
        raise InvalidInput(f"no handler of {job_type!r}", field="job_type")
    run = Run()
    recorder = _Recorder(run, cancel_after, cancel_reason)
    job = Job(_assignment(job_type, payload, attempt, timeout_s, record), recorder)
    recorder.job = job
    recorder.count()
    try:
        value = _in_a_loop(handler(job)) if is_coroutine(handler) else handler(job)
        message = completed(job, 1, value)
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        message = failed(job, 1, error)
    _read(run, message)
    return run


def _in_a_loop(waiting: Any) -> Any:
    """Await it in a thread of its own: the caller's may be an asynchronous test, whose loop is running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, asyncio.run, _await(waiting)).result()


async def _await(waiting: Any) -> Any:
    return await waiting


def _assignment(
    job_type: str, payload: Any, attempt: int, timeout_s: float, record: dict[str, Any]
) -> Assignment:
    encoded = msgspec.json.encode({} if payload is None else payload)
    if len(encoded) > limits.PAYLOAD_BYTES:
        raise InvalidInput(f"at most {limits.PAYLOAD_BYTES} bytes are taken", field="payload")
    job = {
        "job_id": "test",
        "job_type": job_type,
        "status": "assigned",
        "run": 1,
        "rev": 2,
        "priority": 50,
        "created_at": 0,
        "attempt": attempt,
        **record,
    }
    small = msgspec.Raw(msgspec.json.encode(job))
    return Assignment("test", 1, attempt, timeout_s, small, msgspec.Raw(encoded))


def _read(run: Run, message: bytes) -> None:
    said = msgspec.json.decode(message, type=_Message)
    if said.type == "job_completed":
        run.status, run._result = "completed", said.result
    elif said.type == "job_failed":
        run.status, run.error = "failed", said.error
    else:
        run.status = "cancelled"
