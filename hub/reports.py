"""What a worker says of a grant that it holds, as `settle_jobs.lua` takes it."""

from __future__ import annotations

import random
from collections.abc import Sequence
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


class AttemptEnd(msgspec.Struct, frozen=True):
    """How an attempt failed."""

    failure: Failure
    shape: ErrorShape
    traceback: str
    chance: float  # 0..1, spreads the backoff


class Report(msgspec.Struct, frozen=True, gc=False):
    """One report. A fence travels as a string: scripts keep it as one.

    `detail` is a result as JSON text, or what became of a failed attempt.
    """

    of: Kind
    job_id: str
    fence: str
    detail: str | AttemptEnd | Literal[False] = False


def started(job_id: str, fence: int) -> Report:
    """The handler began."""
    return Report("job_started", job_id, str(fence))


def completed(job_id: str, fence: int, result: bytes) -> Report:
    """The handler returned. Raises: TooLarge."""
    if len(result) > limits.RESULT_BYTES:
        raise TooLarge(f"at most {limits.RESULT_BYTES} bytes are taken", field="result")
    return Report("job_completed", job_id, str(fence), result.decode())


def failed(job_id: str, fence: int, error: ReportedError) -> Report:
    """The handler raised."""
    end = AttemptEnd(
        Failure(error.type, error.message[: limits.ERROR_MESSAGE_CHARS], error.retryable),
        error_shape(error.type, error.message),
        _last_lines(error.traceback or ""),
        random.random(),
    )
    return Report("job_failed", job_id, str(fence), end)


def released(job_id: str, fence: int) -> Report:
    """The worker lets go."""
    return Report("job_released", job_id, str(fence))


def write_reports(told: Sequence[Report]) -> bytes:
    """Write reports as settle_jobs.lua takes them: flat, because tables cost Redis more than their values."""
    return msgspec.msgpack.encode(
        [
            part
            for report in told
            for part in (report.of, report.job_id, report.fence, report.detail)
        ]
    )


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
