"""When a request that failed may be sent again, and how long to wait before."""

from __future__ import annotations

import random
from typing import Any, Final

import httpx

from hub.client.calls import Call, Outcome
from hub.client.client_socket import Unanswered
from hub.client.outcomes import HubUnreachable, JobCancelled, JobFailed
from hub.errors import JobhubError, Unavailable
from hub.records import JobError

TRIES: Final = 5
_PAUSE_S: Final = 0.2
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNANSWERED: Final = (httpx.TransportError, Unavailable, Unanswered)


def pause_before(attempt: int) -> float:
    """Seconds before try `attempt` + 1: doubling from 0.2 s, a random share of it."""
    return random.uniform(0.5, 1.0) * _PAUSE_S * 2.0**attempt


def may_repeat(call: Call[Any], error: Exception) -> bool:
    """Whether sending the request again cannot do its work twice."""
    if isinstance(error, _UNSENT):
        return True
    return call.repeatable and isinstance(error, _UNANSWERED)


def as_hub_error(error: Exception, url: str) -> JobhubError:
    """Name a failure of the transport in the hub's own words."""
    if isinstance(error, JobhubError):
        return error
    return HubUnreachable(f"no answer from {url}: {str(error) or type(error).__name__}")


def value_of(outcome: Outcome) -> Any:
    """Take the result of a run that is over.

    Raises: JobFailed, JobCancelled.
    """
    if outcome.status == "completed":
        return outcome.result
    if outcome.status == "cancelled":
        raise JobCancelled(outcome.job_id)
    raise JobFailed(outcome.job_id, outcome.error or JobError(type="Unknown"))
