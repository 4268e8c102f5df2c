"""What a submission becomes before Redis sees it: the record's first fields, the payload, the digest.

Pure functions; `JobBroker.submit` sends what they return.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from hub import limits
from hub.errors import IdempotencyConflict, InvalidInput, JobhubError, LimitReached, TooLarge
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


def record_json(request: SubmitRequest, submitted_by: str) -> bytes:
    """Write what the client decides of the small record."""
    record = {
        name: value for name in _RECORD_FIELDS if (value := getattr(request, name)) is not None
    }
    record["submitted_by"] = submitted_by
    return msgspec.json.encode(record)


def checked_payload(request: SubmitRequest) -> bytes:
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


def body_digest(request: SubmitRequest, payload: bytes) -> str:
    """Digest of what the client asked for, however it spelt the JSON."""
    body = msgspec.json.decode(msgspec.json.encode(request))
    body["payload"] = msgspec.json.decode(payload)
    for socket_field in ("type", "request_id"):
        body.pop(socket_field, None)
    return sha256(msgspec.json.encode(body, order="sorted")).hexdigest()


def submit_refusal(word: bytes, detail: list[bytes], request: SubmitRequest) -> JobhubError:
    """Turn what submit_job.lua refused into an error."""
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
