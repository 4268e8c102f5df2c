"""Handlers: which function does which type of job, and what its end is called."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from hub import limits
from hub.errors import InvalidInput
from hub.worker.job import Job, JobCancelled
from hub.worker.wire import UnfitResult, encode_result, write_about, write_failure, write_result

Handler = Callable[[Job], Any]
H = TypeVar("H", bound=Handler)


class Handlers:
    """The functions of a worker by job type."""

    def __init__(self) -> None:
        self._by_type: dict[str, Handler] = {}

    @property
    def job_types(self) -> list[str]:
        """The types that are handled."""
        return sorted(self._by_type)

    def add(self, job_type: str, handler: Handler) -> None:
        """Let `handler` do the jobs of `job_type`.

        Raises: InvalidInput: the type has a handler already.
        """
        if job_type in self._by_type:
            raise InvalidInput(f"{job_type!r} has a handler already", field="job_type")
        self._by_type[job_type] = handler

    def get(self, job_type: str) -> Handler | None:
        """Find the handler of a type."""
        return self._by_type.get(job_type)

    def by_kind(self) -> tuple[dict[str, Handler], dict[str, Handler]]:
        """Split them: `async def` handlers, and plain functions."""
        coroutines = {name: item for name, item in self._by_type.items() if is_coroutine(item)}
        functions = {name: item for name, item in self._by_type.items() if name not in coroutines}
        return coroutines, functions


def is_coroutine(handler: Handler) -> bool:
    """Whether the handler is to run on the event loop."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - an object with an async __call__
    )


def completed(job: Job, fence: int, value: Any) -> bytes:
    """Write the message for a handler that returned `value`."""
    if job.cancelled and job.cancel_reason != "lost":
        return released(job, fence)
    try:
        return write_result(job.job_id, fence, encode_result(value))
    except UnfitResult as error:
        return write_failure(
            job.job_id,
            fence,
            {"type": "UnfitResult", "message": str(error), "retryable": False},
        )


def failed(job: Job, fence: int, error: BaseException) -> bytes:
    """Write the message for a handler that raised."""
    given_up = isinstance(error, (JobCancelled, asyncio.CancelledError))
    if job.cancelled and (job.cancel_reason != "lost" or given_up):
        return released(job, fence)
    return write_failure(job.job_id, fence, describe(error))


def released(job: Job, fence: int) -> bytes:
    """Write the message for a run that nobody waits for: its slot is free."""
    return write_about("job_released", job.job_id, fence)


def describe(error: BaseException) -> dict[str, Any]:
    """Describe an exception within the limits; an attribute `retryable = False` ends the job."""
    return {
        "type": type(error).__name__[: limits.NAME_CHARS],
        "message": _writable(str(error))[: limits.ERROR_MESSAGE_CHARS],
        "traceback": _writable(_last_lines(error)),
        "retryable": getattr(error, "retryable", True) is not False,
    }


def _last_lines(error: BaseException) -> str:
    # The first frame is the SDK's own call of the handler.
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    text = "".join(traceback.format_exception(type(error), error, frames))
    return "\n".join(text.splitlines()[-limits.TRACEBACK_LINES :])[-limits.TRACEBACK_CHARS :]


def _writable(text: str) -> str:
    """Replace lone surrogates, which JSON cannot carry."""
    return text.encode("utf-8", "replace").decode()
