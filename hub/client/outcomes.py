"""What can become of a job, and of a request, as exceptions."""

from __future__ import annotations

from typing import Final

import msgspec

from hub import errors
from hub.client.job import Job
from hub.records import JobError


class JobNotCompleted(Exception):
    """A job's run ended without a result. `job_id` names it."""

    def __init__(self, job_id: str, message: str) -> None:
        super().__init__(message)
        self.job_id = job_id


class JobFailed(JobNotCompleted):
    """The last attempt failed; `error` holds its type, message and traceback."""

    def __init__(self, job_id: str, error: JobError) -> None:
        super().__init__(job_id, f"{job_id} failed: {error.type}: {error.message}")
        self.error = error


class JobCancelled(JobNotCompleted):
    """Somebody cancelled the job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id, f"{job_id} was cancelled")


class ResultTimeout(JobNotCompleted, TimeoutError):
    """The job was not over in time; it goes on, and can be waited for again."""

    def __init__(self, job_id: str, status: str, waited_s: float) -> None:
        super().__init__(job_id, f"{job_id} is {status} after {waited_s:g} s")


class BatchRefused(errors.JobhubError):
    """Some jobs of a batch were refused; the others are submitted.

    `results` has one item a job, in order: its record, or the error.
    """

    code = "batch_refused"
    status = 422

    def __init__(self, results: list[Job | errors.JobhubError]) -> None:
        self.results = results
        refused = [item for item in results if isinstance(item, errors.JobhubError)]
        super().__init__(f"{len(refused)} of {len(results)} jobs were refused: {refused[0]}")


class HubUnreachable(errors.Unavailable):
    """The hub gave no answer; the request may or may not have been done."""

    code = "unreachable"


class Refusal(msgspec.Struct, frozen=True):
    """The hub's description of an error, in a problem document or in an item of a batch."""

    code: str = "error"
    detail: str = ""
    message: str = ""
    field: str | None = None


_BY_STATUS: Final[dict[int, type[errors.JobhubError]]] = {
    400: errors.MalformedInput,
    401: errors.AccessDenied,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    422: errors.InvalidInput,
    429: errors.LimitReached,
    503: errors.Unavailable,
}


_BY_CODE: Final[dict[str, type[errors.JobhubError]]] = {
    **{
        kind.code: kind
        for kind in (
            errors.MalformedInput,
            errors.NotFound,
            errors.Conflict,
            errors.IdempotencyConflict,
            errors.TooLarge,
            errors.LimitReached,
            errors.AccessDenied,
            errors.Forbidden,
            errors.Unavailable,
        )
    },
    "too_many_lanes": errors.LimitReached,
}


def read_refusal(status: int, body: bytes) -> errors.JobhubError:
    """Turn an answer that is no success into the hub's error."""
    try:
        refusal = msgspec.json.decode(body, type=Refusal)
    except msgspec.MsgspecError:
        refusal = Refusal(detail=f"the answer has status {status} and is not the hub's")
    return make_error(refusal, _BY_STATUS.get(status, errors.JobhubError))


def make_error(
    refusal: Refusal, kind: type[errors.JobhubError] = errors.InvalidInput
) -> errors.JobhubError:
    """Build the error; its code tells more than its status."""
    kind = _BY_CODE.get(refusal.code, kind)
    text = refusal.detail or refusal.message or refusal.code
    return kind(text, field=refusal.field, code=refusal.code)
