"""The hub's HTTP API as values: each function describes one request and how its answer is read.

`HubClient` and `AsyncHubClient` perform the same calls; only the waiting differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from hub import limits
from hub.answers import MatchReport, QueuePlace, Transition
from hub.client.job import Job
from hub.client.outcomes import Refusal, make_error
from hub.errors import InvalidInput, JobhubError
from hub.records import JobError

T = TypeVar("T")
LONG_POLL_S: Final = 30.0  # below what proxies allow a silent request
_BATCH_BYTES: Final = limits.BODY_BYTES * 9 // 10


class Call(msgspec.Struct, Generic[T], frozen=True):
    """One request. `repeatable`: doing it twice does no more than doing it once.

    Where `read_message` is set it can also be a `message_type` on the client socket; then `answer_type`
    names the message that ends it, where others come before.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    body: bytes | None = None  # a GET sends it on the socket only
    repeatable: bool = True
    wait_s: float = 0.0  # how long the hub may hold the answer back
    message_type: str = ""
    answer_type: str = ""
    read_message: Callable[[bytes], T] | None = None

    @property
    def at_once(self) -> Call[T]:
        """The same request, answered with how things stand."""
        path = self.path.partition("?")[0]
        return msgspec.structs.replace(self, path=path, wait_s=0.0)

    def over_http(self, timeout_s: float) -> dict[str, Any]:
        """Say it as the arguments of httpx's `request`."""
        body = None if self.method == "GET" else self.body
        return {
            "method": self.method,
            "url": self.path,
            "content": body,
            "headers": {"Content-Type": "application/json"} if body else None,
            "timeout": timeout_s + self.wait_s,
        }


class Outcome(msgspec.Struct, frozen=True):
    """Answer to a wait: `result` and `error` once the run is over."""

    job_id: str
    status: str
    result: Any = None
    error: JobError | None = None


class JobPage(msgspec.Struct, frozen=True):
    """Jobs, and where the next page starts; None after the last."""

    jobs: list[Job]
    cursor: str | None = None


class _Submitted(msgspec.Struct, frozen=True):
    job: Job


class _Made(msgspec.Struct, frozen=True):
    job: Job | None = None
    error: Refusal | None = None


class _Batch(msgspec.Struct, frozen=True):
    results: list[_Made]


class _History(msgspec.Struct, frozen=True):
    history: list[Transition]


class _Log(msgspec.Struct, frozen=True):
    lines: list[str]


def reader(shape: Any) -> Callable[[bytes], Any]:
    """Make a decoder of answers."""
    return msgspec.json.Decoder(shape).decode


_read_job: Final = reader(Job)
_submitted: Final = reader(_Submitted)


def _read_submitted(message: bytes) -> Job:
    job: Job = _submitted(message).job
    return job


def path(*parts: str) -> str:
    """Build the path of a route; a slash of an id is encoded, so that it ends no segment."""
    return "/api/" + "/".join(quote(part, safe=":@") for part in parts)


# --- Submit and wait --------------------------------------------------------------------------


def submit(job_type: str, payload: Any, options: Mapping[str, Any]) -> Call[Job]:
    """POST /api/jobs."""
    body = _encode(_request(job_type, payload, options))
    repeatable = options.get("idempotency_key") is not None
    return Call(
        "POST",
        "/api/jobs",
        _read_job,
        body,
        repeatable,
        message_type="submit",
        read_message=_read_submitted,
    )


def submit_batches(
    jobs: Iterable[Mapping[str, Any]],
) -> Iterable[Call[list[Job | JobhubError]]]:
    """POST /api/jobs/batch, as often as the limits of a request ask for."""
    items: list[bytes] = []
    size = 0
    for job in jobs:
        fields = dict(job)
        item = _encode(_request(fields.pop("job_type", None), fields.pop("payload", None), fields))
        if items and (len(items) >= limits.BATCH_JOBS or size + len(item) > _BATCH_BYTES):
            yield _batch(items)
            items, size = [], 0
        items.append(item)
        size += len(item) + 1
    if items:
        yield _batch(items)


def wait(job_id: str, wait_s: float) -> Call[Outcome]:
    """GET /api/jobs/{id}/result, or `follow` until the result comes."""
    held_s = max(0.0, min(wait_s, LONG_POLL_S))
    read = reader(Outcome)
    return Call(
        "GET",
        f"{path('jobs', job_id, 'result')}?wait_s={held_s:.3f}",
        read,
        msgspec.json.encode({"job_id": job_id}),
        wait_s=held_s,
        message_type="follow",
        answer_type="result",
        read_message=read,
    )


# --- One job ----------------------------------------------------------------------------------


def get(job_id: str) -> Call[Job]:
    """GET /api/jobs/{id}."""
    return Call("GET", path("jobs", job_id), reader(Job))


def cancel(job_id: str) -> Call[Job]:
    """POST /api/jobs/{id}/cancel."""
    return Call("POST", path("jobs", job_id, "cancel"), reader(Job), repeatable=False)


def retry(job_id: str) -> Call[Job]:
    """POST /api/jobs/{id}/retry."""
    return Call("POST", path("jobs", job_id, "retry"), reader(Job), repeatable=False)


def change(job_id: str, *, priority: int | None, run_at: int | Literal["now"] | None) -> Call[Job]:
    """PATCH /api/jobs/{id}."""
    wanted = {"priority": priority, "run_at": run_at}
    body = msgspec.json.encode({name: value for name, value in wanted.items() if value is not None})
    return Call("PATCH", path("jobs", job_id), reader(Job), body, repeatable=False)


def list_page(filters: Mapping[str, Any]) -> Call[JobPage]:
    """GET /api/jobs."""
    given = {name: _text(value) for name, value in filters.items() if value is not None}
    return Call("GET", f"/api/jobs?{urlencode(given)}", reader(JobPage))


def history(job_id: str) -> Call[list[Transition]]:
    """GET /api/jobs/{id}/history."""
    read = reader(_History)
    return Call("GET", path("jobs", job_id, "history"), lambda body: read(body).history)


def log(job_id: str) -> Call[list[str]]:
    """GET /api/jobs/{id}/log."""
    read = reader(_Log)
    return Call("GET", path("jobs", job_id, "log"), lambda body: read(body).lines)


def position(job_id: str) -> Call[QueuePlace]:
    """GET /api/jobs/{id}/position."""
    return Call("GET", path("jobs", job_id, "position"), reader(QueuePlace))


def match(job_id: str) -> Call[MatchReport]:
    """GET /api/jobs/{id}/match."""
    return Call("GET", path("jobs", job_id, "match"), reader(MatchReport))


def _request(job_type: Any, payload: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in options.items() if value is not None}
    fields["job_type"] = job_type
    if payload is not None:
        fields["payload"] = payload
    return fields


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"cannot be written as JSON: {error}", field="payload") from error


def _batch(items: Sequence[bytes]) -> Call[list[Job | JobhubError]]:
    return Call(
        "POST",
        "/api/jobs/batch",
        _read_batch,
        b'{"jobs":[%b]}' % b",".join(items),
        repeatable=False,
        message_type="submit_batch",
        read_message=_read_batch,
    )


def _read_batch(body: bytes) -> list[Job | JobhubError]:
    results: list[Job | JobhubError] = []
    for made in msgspec.json.decode(body, type=_Batch).results:
        results.append(made.job or make_error(made.error or Refusal()))
    return results


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)
