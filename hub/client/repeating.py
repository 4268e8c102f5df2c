"""When a request that failed may be sent again, and how long to wait before."""

from __future__ import annotations

import random
import time
from typing import Any, Final

import httpx

from hub.client.calls import Call, Outcome
from hub.client.client_socket import Unanswered
from hub.client.outcomes import HubUnreachable, JobCancelled, JobFailed, ResultTimeout
from hub.errors import JobhubError, Unavailable
from hub.records import JobError
from hub.states import FINAL_STATUSES

TRIES: Final = 5
_PAUSE_S: Final = 0.2
_OUTAGE_S: Final = 30.0  # a hub that restarts is back before
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


class Wait:
    """The time that somebody waits for a result, and how long the hub may be away meanwhile."""

    def __init__(self, job_id: str, timeout_s: float | None) -> None:
        self._job_id = job_id
        self._timeout_s = timeout_s
        self._until = float("inf") if timeout_s is None else time.monotonic() + timeout_s
        self._heard_at = time.monotonic()

    @property
    def left_s(self) -> float:
        """Seconds left, infinite for who waits for ever."""
        return self._until - time.monotonic()

    def endure(self, error: Unavailable) -> None:
        """Go on waiting for a hub that restarts.

        Raises: the error, when it has been away for 30 s or time is up.
        """
        if self.left_s <= 0 or time.monotonic() - self._heard_at > _OUTAGE_S:
            raise error

    def heard(self) -> None:
        """The hub answered: it may be away for another 30 s."""
        self._heard_at = time.monotonic()

    def hear(self, outcome: Outcome) -> bool:
        """Take an answer; True when the run is over.

        Raises: ResultTimeout: it is not, and time is up.
        """
        self.heard()
        if outcome.status in FINAL_STATUSES:
            return True
        if self.left_s <= 0:
            raise ResultTimeout(self._job_id, outcome.status, self._timeout_s or 0.0)
        return False


def value_of(outcome: Outcome) -> Any:
    """Take the result of a run that is over.

    Raises: JobFailed, JobCancelled.
    """
    if outcome.status == "completed":
        return outcome.result
    if outcome.status == "cancelled":
        raise JobCancelled(outcome.job_id)
    raise JobFailed(outcome.job_id, outcome.error or JobError(type="Unknown"))
