"""What a worker says of a grant that it holds, as `settle_jobs.lua` takes it."""

from __future__ import annotations

import random
from typing import Literal

import msgspec

from hub import limits
from hub.errors import TooLarge
from hub.fingerprints import ErrorShape, error_shape
from hub.messages import AboutJob, JobCompleted, JobFailed, JobReleased, JobStarted, ReportedError

Kind = Literal["job_started", "job_completed", "job_failed", "job_released"]


class Failure(msgspec.Struct, frozen=True):
    """What a handler raised, as the record keeps it."""

    type: str
    message: str
    retryable: bool


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One report. A fence travels as a string: cjson would round 16 digits to 14."""

    of: Kind
    job_id: str
    fence: str
    result: str | None = None  # JSON text
    failure: Failure | None = None
    shape: ErrorShape | None = None
    traceback: str | None = None
    chance: float | None = None  # 0..1, spreads the backoff


def started(job_id: str, fence: int) -> Report:
    """The handler began."""
    return Report(of="job_started", job_id=job_id, fence=str(fence))


def completed(job_id: str, fence: int, result: bytes) -> Report:
    """The handler returned. Raises: TooLarge."""
    if len(result) > limits.RESULT_BYTES:
        raise TooLarge(f"at most {limits.RESULT_BYTES} bytes are taken", field="result")
    return Report(of="job_completed", job_id=job_id, fence=str(fence), result=result.decode())


def failed(job_id: str, fence: int, error: ReportedError) -> Report:
    """The handler raised."""
    return Report(
        of="job_failed",
        job_id=job_id,
        fence=str(fence),
        failure=Failure(error.type, error.message[: limits.ERROR_MESSAGE_CHARS], error.retryable),
        shape=error_shape(error.type, error.message),
        traceback=_last_lines(error.traceback or ""),
        chance=random.random(),
    )


def released(job_id: str, fence: int) -> Report:
    """The worker lets go."""
    return Report(of="job_released", job_id=job_id, fence=str(fence))


def report_of(message: AboutJob) -> Report | None:
    """Turn a worker's message into a report; None when it is about something else.

    Raises: TooLarge.
    """
    match message:
        case JobStarted():
            return started(message.job_id, message.fence)
        case JobCompleted():
            return completed(message.job_id, message.fence, bytes(message.result))
        case JobFailed():
            return failed(message.job_id, message.fence, message.error)
        case JobReleased():
            return released(message.job_id, message.fence)
    return None


def _last_lines(traceback: str) -> str:
    lines = traceback.splitlines()[-limits.TRACEBACK_LINES :]
    return "\n".join(lines)[-limits.TRACEBACK_CHARS :]
