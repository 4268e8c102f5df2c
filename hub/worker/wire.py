"""What the hub says to a worker, and how a worker writes what it says.

Results are written by hand around the encoded value: it is measured against the limits before it is
sent, and encoded once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from hub import limits

BATCH_BYTES: Final = limits.BODY_BYTES * 9 // 10
BATCH_ITEMS: Final = 200  # more in a frame makes the hub answer later, not faster

# --- Hub → worker -----------------------------------------------------------------------------


class Assignment(msgspec.Struct, frozen=True):
    """A job given to this worker; `job` is the small record and `payload` the job's own JSON."""

    job_id: str
    fence: int
    attempt: int
    timeout_s: float
    job: msgspec.Raw
    payload: msgspec.Raw


class Assign(msgspec.Struct, frozen=True, tag_field="type", tag="assign"):
    """Jobs to run."""

    jobs: list[Assignment]


class HeldVerdict(msgspec.Struct, frozen=True):
    """What to do with a grant that the worker named."""

    job_id: str
    fence: int
    action: Literal["keep", "drop", "cancel"]


class Registered(msgspec.Struct, frozen=True, tag_field="type", tag="registered"):
    """The hub knows this worker; what it said it holds is to be kept or dropped."""

    lease_ms: int
    heartbeat_ms: int
    jobs: list[HeldVerdict]


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack"):
    """The hub has recorded a message."""

    of: str
    fence: int | None = None


class Stale(msgspec.Struct, frozen=True, tag_field="type", tag="stale"):
    """The grant that a message named is not the live one; nothing was recorded."""

    of: str
    fence: int


class HeartbeatAck(msgspec.Struct, frozen=True, tag_field="type", tag="heartbeat_ack"):
    """The leases are renewed."""

    held: list[HeldVerdict]


class Cancel(msgspec.Struct, frozen=True, tag_field="type", tag="cancel"):
    """A grant is over: cancelled, or out of time."""

    job_id: str
    fence: int
    reason: str = ""


class Drain(msgspec.Struct, frozen=True, tag_field="type", tag="drain"):
    """Nothing new will come, or jobs come again."""

    draining: bool = True


class Refusal(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """A message was not taken."""

    code: str
    message: str
    field: str | None = None
    request_id: str | None = None


HubMessage = Assign | Registered | Ack | Stale | HeartbeatAck | Cancel | Drain | Refusal
_decoder: Final = msgspec.json.Decoder(HubMessage | list[HubMessage])


def read(message: bytes) -> Sequence[HubMessage]:
    """Read one message, or the items of a batch.

    Raises: msgspec.DecodeError: this is no hub, or one of another age.
    """
    found: Any = _decoder.decode(message)
    return found if isinstance(found, list) else (found,)


# --- Worker → hub -----------------------------------------------------------------------------


class Register(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="register"):
    """What a worker says of itself, and on a later connection what it still holds."""

    worker_id: str
    job_types: list[str]
    capabilities: dict[str, Any]
    slots: int
    prefetch: int
    version: str | None
    host: str | None
    resume: list[dict[str, Any]] = []


def write(type_: str, **fields: Any) -> bytes:
    """Write a message that is rare."""
    return msgspec.json.encode({"type": type_, **fields})


def write_about(type_: str, job_id: str, fence: int) -> bytes:
    """Write a message that says no more than which grant it is about."""
    return b'{"type":"%b","job_id":"%b","fence":%d}' % (type_.encode(), job_id.encode(), fence)


def write_result(job_id: str, fence: int, result: bytes) -> bytes:
    """Write job_completed around an encoded result; the request id names it in a refusal."""
    return b'{"type":"job_completed","job_id":"%b","fence":%d,"request_id":"%d","result":%b}' % (
        job_id.encode(),
        fence,
        fence,
        result,
    )


def write_failure(job_id: str, fence: int, error: Mapping[str, Any]) -> bytes:
    """Write job_failed."""
    return write("job_failed", job_id=job_id, fence=fence, request_id=str(fence), error=error)


def join(items: Sequence[bytes]) -> bytes:
    """Write a batch; one item goes as it is."""
    return items[0] if len(items) == 1 else b"[%b]" % b",".join(items)


class UnfitResult(Exception):
    """A handler returned what cannot be stored; the message says why."""


def encode_result(value: Any) -> bytes:
    """Encode what a handler returned.

    Raises: UnfitResult: it is not JSON, is too large or too deep, or holds a number that JSON has not.
    """
    try:
        encoded = msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError) as error:
        raise UnfitResult(f"the result cannot be written as JSON: {error}") from error
    if len(encoded) > limits.RESULT_BYTES:
        raise UnfitResult(f"the result has {len(encoded)} bytes; at most {limits.RESULT_BYTES}")
    # Only what could break a rule is walked: NaN is written as null, depth needs brackets.
    if b"null" in encoded and _has_nonfinite(value):
        raise UnfitResult("the result holds NaN or an infinity, which JSON has not")
    if encoded.count(b"[") + encoded.count(b"{") > limits.JSON_DEPTH:
        depth = _depth(msgspec.json.decode(encoded))
        if depth > limits.JSON_DEPTH:
            raise UnfitResult(f"the result is nested {depth} deep; at most {limits.JSON_DEPTH}")
    return encoded


def _has_nonfinite(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(_has_nonfinite(item) for item in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_has_nonfinite(item) for item in value)
    if isinstance(value, msgspec.Struct):
        return any(_has_nonfinite(getattr(value, name)) for name in value.__struct_fields__)
    return False


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0
