"""The hub's HTTP API as values: each function describes one request and how its answer is read.

`HubClient` and `AsyncHubClient` perform the same calls; only the waiting differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from hub import limits
from hub.client.job import Job
from hub.client.outcomes import Refusal, make_error
from hub.errors import InvalidInput, JobhubError
from hub.records import JobError, Worker

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
    history: list[dict[str, Any]]


class _Log(msgspec.Struct, frozen=True):
    lines: list[str]


class _Workers(msgspec.Struct, frozen=True):
    workers: list[Worker]


class _Queues(msgspec.Struct, frozen=True):
    queues: list[dict[str, Any]]


def submit(job_type: str, payload: Any, options: Mapping[str, Any]) -> Call[Job]:
    """POST /api/jobs."""
    body = _encode(_request(job_type, payload, options))
    repeatable = options.get("idempotency_key") is not None
    submitted = _reader(_Submitted)
    return Call(
        "POST",
        "/api/jobs",
        _reader(Job),
        body,
        repeatable,
        message_type="submit",
        read_message=lambda message: submitted(message).job,
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


def get(job_id: str) -> Call[Job]:
    """GET /api/jobs/{id}."""
    return Call("GET", _path("jobs", job_id), _reader(Job))


def wait(job_id: str, wait_s: float) -> Call[Outcome]:
    """GET /api/jobs/{id}/result, or `follow` until the result comes."""
    held_s = max(0.0, min(wait_s, LONG_POLL_S))
    read = _reader(Outcome)
    return Call(
        "GET",
        f"{_path('jobs', job_id, 'result')}?wait_s={held_s:.3f}",
        read,
        msgspec.json.encode({"job_id": job_id}),
        wait_s=held_s,
        message_type="follow",
        answer_type="result",
        read_message=read,
    )


def cancel(job_id: str) -> Call[Job]:
    """POST /api/jobs/{id}/cancel."""
    return Call("POST", _path("jobs", job_id, "cancel"), _reader(Job), repeatable=False)


def retry(job_id: str) -> Call[Job]:
    """POST /api/jobs/{id}/retry."""
    return Call("POST", _path("jobs", job_id, "retry"), _reader(Job), repeatable=False)


def list_page(filters: Mapping[str, Any]) -> Call[JobPage]:
    """GET /api/jobs."""
    given = {name: _text(value) for name, value in filters.items() if value is not None}
    return Call("GET", f"/api/jobs?{urlencode(given)}", _reader(JobPage))


def history(job_id: str) -> Call[list[dict[str, Any]]]:
    """GET /api/jobs/{id}/history."""
    read = _reader(_History)
    return Call("GET", _path("jobs", job_id, "history"), lambda body: read(body).history)


def log(job_id: str) -> Call[list[str]]:
    """GET /api/jobs/{id}/log."""
    read = _reader(_Log)
    return Call("GET", _path("jobs", job_id, "log"), lambda body: read(body).lines)


def workers() -> Call[list[Worker]]:
    """GET /api/workers."""
    read = _reader(_Workers)
    return Call("GET", "/api/workers", lambda body: read(body).workers)


def drain_worker(worker_id: str, draining: bool) -> Call[Worker]:
    """POST /api/workers/{id}/drain or /resume."""
    verb = "drain" if draining else "resume"
    return Call("POST", _path("workers", worker_id, verb), _reader(Worker))


def queues() -> Call[list[dict[str, Any]]]:
    """GET /api/queues."""
    read = _reader(_Queues)
    return Call("GET", "/api/queues", lambda body: read(body).queues)


def pause_queue(job_type: str, paused: bool) -> Call[dict[str, Any]]:
    """POST /api/queues/{job_type}/pause or /resume."""
    verb = "pause" if paused else "resume"
    return Call("POST", _path("queues", job_type, verb), _reader(dict[str, Any]))


def stats() -> Call[dict[str, Any]]:
    """GET /api/stats."""
    return Call("GET", "/api/stats", _reader(dict[str, Any]))


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


def _reader(shape: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(shape).decode


def _path(*parts: str) -> str:
    return "/api/" + "/".join(quote(part, safe=":@") for part in parts)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)
