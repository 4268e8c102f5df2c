"""What a handler sees of its job: the payload, and ways to report and to learn of its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol, TypeVar

import msgspec

from hub import limits, records
from hub.worker.wire import Assignment

T = TypeVar("T")


class _Typed(msgspec.Struct):
    job_type: str


_read_type = msgspec.json.Decoder(_Typed).decode  # a fifth of reading the whole record


class NotRetryable(Exception):
    """Raised by a handler: the job fails at once, however many attempts it has left."""

    retryable = False


class JobCancelled(Exception):
    """Raised by `Job.raise_if_cancelled`: the run is over, nobody waits for a result."""


class Reporter(Protocol):
    """Where a job's reports go."""

    def progress(self, report: dict[str, Any]) -> None:
        """Take how far the job is; the latest is what counts."""

    def log(self, lines: list[str]) -> None:
        """Take lines for the job's log."""


class Job:
    """One attempt of a job. Every method may be called from any thread and returns at once."""

    def __init__(self, assignment: Assignment, reporter: Reporter) -> None:
        self.assignment = assignment
        self._reporter = reporter
        self._hear: list[Callable[[], None]] = []
        self._cancel_reason: str | None = None
        self._deadline = time.monotonic() + assignment.timeout_s

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.assignment.job_id

    @cached_property
    def job_type(self) -> str:
        """The job's type."""
        return _read_type(self.assignment.job).job_type

    @property
    def attempt(self) -> int:
        """The number of this execution, from 1."""
        return self.assignment.attempt

    @cached_property
    def record(self) -> records.Job:
        """The job's small record as it was when this worker got it."""
        return msgspec.json.decode(self.assignment.job, type=records.Job)

    @cached_property
    def payload(self) -> Any:
        """What was submitted, as plain Python values."""
        return msgspec.json.decode(self.assignment.payload)

    def payload_as(self, shape: type[T]) -> T:
        """Read the payload into a dataclass, msgspec Struct or any other type that msgspec knows.

        Raises: NotRetryable: it does not fit, and will not fit the next time.
        """
        try:
            return msgspec.json.decode(self.assignment.payload, type=shape)
        except msgspec.ValidationError as error:
            raise NotRetryable(f"the payload does not fit: {error}") from error

    @property
    def timeout_s(self) -> float:
        """Seconds that this attempt may take; the hub ends it then."""
        return self.assignment.timeout_s

    @property
    def remaining_s(self) -> float:
        """Seconds left of `timeout_s`; 0.0 when time is up."""
        return max(0.0, self._deadline - time.monotonic())

    def progress(
        self,
        done: float,
        *,
        of: float | None = None,
        message: str | None = None,
        eta_s: float | None = None,
    ) -> None:
        """Report how far the job is: `done` of `of` steps, or `done` percent without `of`.

        Cheap to call in a loop: what comes faster than it is sent replaces what waits.
        """
        share = done if of is None else 100.0 * done / of if of else 100.0
        report: dict[str, Any] = {"percent": round(min(100.0, max(0.0, share)), 2)}
        if of is not None:
            report["current_step"], report["of_steps"] = max(0, int(done)), max(0, int(of))
        if message is not None:
            report["message"] = str(message)[: limits.PROGRESS_MESSAGE_CHARS]
        if eta_s is not None:
            report["eta_ms"] = max(0, int(eta_s * 1000))
        self._reporter.progress(report)

    def log(self, *lines: object) -> None:
        """Add lines to the job's log; the newest 1,000 are kept."""
        texts = [part for line in lines for part in (str(line).splitlines() or [""])]
        if texts:
            self._reporter.log([text[: limits.LOG_LINE_CHARS] for text in texts])

    @property
    def cancelled(self) -> bool:
        """Whether the run is over for everybody else: stop soon, the result is not wanted."""
        return self._cancel_reason is not None

    @property
    def cancel_reason(self) -> str | None:
        """Why: `cancelled`, `timeout`, `lost` (the lease ran out) or `shutdown`; None while it is wanted."""
        return self._cancel_reason

    def raise_if_cancelled(self) -> None:
        """End the handler here when its run is over.

        Raises: JobCancelled.
        """
        if self._cancel_reason is not None:
            raise JobCancelled(self._cancel_reason)

    def wait_cancelled(self, timeout_s: float) -> bool:
        """Sleep for `timeout_s`, or until the run is over; True in that case."""
        over = threading.Event()
        self.on_cancel(over.set)
        try:
            return over.wait(timeout_s)
        finally:
            self._hear.remove(over.set)

    def on_cancel(self, hear: Callable[[], None]) -> None:
        """Call `hear` once the run is over, in a thread of the SDK; at once when it is over already."""
        self._hear.append(hear)
        if self.cancelled:
            hear()

    def cancel(self, reason: str) -> None:
        """Tell the handler that its run is over; the SDK calls this when the hub says so."""
        if self._cancel_reason is None:
            self._cancel_reason = reason
            for hear in list(self._hear):
                hear()
