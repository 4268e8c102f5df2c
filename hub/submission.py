"""What a submission becomes before Redis sees it: the record's first fields, the payload, the digest.

Nothing here does I/O; `JobBroker.submit_batch` sends what it returns.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any

import msgspec

from hub import limits
from hub.errors import IdempotencyConflict, InvalidInput, JobhubError, LimitReached, TooLarge
from hub.matching import make_lane
from hub.messages import SubmitRequest

# What the client decides of the small record; the rest of a SubmitRequest is stored elsewhere.
_RECORD_FIELDS = (
    "job_type",
    "priority",
    "customer_id",
    "workflow_id",
    "workflow_priority",
    "workflow_submitted_at",
    "step_number",
    "total_steps",
    "idempotency_key",
    "run_at",
    "max_attempts",
    "timeout_s",
    "retry",
)


_FIVE_BITS = b"abcdefghijklmnopqrstuvwxyz234567" * 8  # of each byte, as base 32 writes them


class NewJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job as submit_jobs.lua takes it; payload and requirements are JSON text, stored as they are."""

    job_id: str
    record: dict[str, Any]
    payload: str
    lane: str
    requirements: str | None = None
    delay_ms: int | None = None
    idempotency: str | None = None
    digest: str | None = None


def new_job(request: SubmitRequest, submitted_by: str) -> NewJob:
    """Make a job of a request, with an id of its own.

    Raises: InvalidInput, TooLarge.
    """
    payload = _checked_payload(request)
    lane = make_lane(request.job_type, request.requirements)
    record = {
        name: value for name in _RECORD_FIELDS if (value := getattr(request, name)) is not None
    }
    record["submitted_by"] = submitted_by
    requirements = msgspec.json.encode(lane.requirements).decode() if lane.requirements else None
    key = request.idempotency_key
    return NewJob(
        job_id=new_job_id(),
        record=record,
        payload=payload.decode(),
        lane=lane.lane_id,
        requirements=requirements,
        delay_ms=int(request.delay_s * 1000) if request.delay_s else None,
        idempotency=f"{submitted_by} {key}" if key else None,
        digest=_body_digest(request, payload) if key else None,
    )


def new_job_id() -> str:
    """Make a job id: 20 lower-case letters and digits, 100 random bits."""
    return secrets.token_bytes(20).translate(_FIVE_BITS).decode()


def _checked_payload(request: SubmitRequest) -> bytes:
    """Check what no Struct can, and take the payload's JSON out.

    Raises: InvalidInput, TooLarge.
    """
    if request.run_at is not None and request.delay_s is not None:
        raise InvalidInput("give run_at or delay_s, not both", field="delay_s")
    for field in ("workflow_priority", "workflow_submitted_at"):
        if getattr(request, field) is not None and request.workflow_id is None:
            raise InvalidInput("needs a workflow_id", field=field)
    payload = bytes(request.payload)
    if len(payload) > limits.PAYLOAD_BYTES:
        raise TooLarge(f"at most {limits.PAYLOAD_BYTES} bytes are taken", field="payload")
    return payload


def _body_digest(request: SubmitRequest, payload: bytes) -> str:
    """Digest of what the client asked for, however it spelt the JSON."""
    body = msgspec.json.decode(msgspec.json.encode(request))
    body["payload"] = msgspec.json.decode(payload)
    for socket_field in ("type", "request_id"):
        body.pop(socket_field, None)
    return sha256(msgspec.json.encode(body, order="sorted")).hexdigest()


def submit_refusal(word: bytes, detail: list[bytes], request: SubmitRequest) -> JobhubError:
    """Turn what submit_jobs.lua refused into an error."""
    if word == b"idempotency_conflict":
        return IdempotencyConflict(
            f"{request.idempotency_key} was used with another body, for job {detail[0].decode()}",
            field="idempotency_key",
        )
    if word == b"workflow_conflict":
        return InvalidInput(
            f"the first job of workflow {request.workflow_id} fixed another value",
            field=detail[0].decode(),
            code="workflow_conflict",
        )
    return LimitReached(
        f"{limits.LANES} lanes (job type and requirements) are in use", code="too_many_lanes"
    )
