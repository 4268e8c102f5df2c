"""The only module that changes workers: each method is one Lua script, and the script tells the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from hub import limits
from hub.config import Settings
from hub.errors import Conflict, InvalidInput, NotFound
from hub.job_broker import Assignment, read_assignment
from hub.matching import Profile
from hub.messages import HeldJob, Register
from hub.records import Worker
from hub.redis_service import RedisService

Action = Literal["keep", "drop", "cancel"]


class HeldVerdict(msgspec.Struct, frozen=True):
    """What a worker is to do with a grant that it named."""

    job_id: str
    fence: int
    action: Action


class Registration(msgspec.Struct, frozen=True):
    """Answer to a registration. `worker` is the record as JSON; `assignments` were never accepted."""

    worker: msgspec.Raw
    jobs: list[HeldVerdict]
    assignments: list[Assignment]


class Superseded(Conflict):
    """Another connection has the worker's name; this one has no say any more."""

    code = "superseded"


class Forgotten(Conflict):
    """Redis came back without this connection's registration: the worker must register again."""

    code = "forgotten"


class WorkerRegistry:
    """Knows who is there, what they offer and what they hold."""

    def __init__(self, service: RedisService, settings: Settings) -> None:
        self._service = service
        self._grant_args = {
            "lease_ms": int(settings.lease_s * 1000),
            "accept_ms": int(settings.accept_s * 1000),
        }

    def register(self, message: Register, connection_id: str) -> Registration:
        """Connect a worker, or put this connection in the place of an older one with its name.

        Raises: InvalidInput: capabilities are too large.
        Redis:  register_worker.lua, one round trip, atomic, O(grants held).
        """
        job_types = sorted(set(message.job_types))
        profile = Profile(job_types, message.capabilities)
        if len(msgspec.json.encode(message.capabilities)) > limits.CAPABILITIES_BYTES:
            raise InvalidInput(f"over {limits.CAPABILITIES_BYTES} bytes", field="capabilities")
        worker, verdicts, assignments = self._service.run(
            "register_worker",
            worker_id=message.worker_id,
            connection_id=connection_id,
            static=_static_members(message, job_types),
            slots=message.slots,
            prefetch=message.prefetch,
            profile=profile.profile_id,
            profile_json=msgspec.json.encode(profile),
            held=_held_json(message.resume),
            **self._grant_args,
        )
        return Registration(
            msgspec.Raw(worker),
            _verdicts(verdicts),
            [read_assignment(item) for item in assignments],
        )

    def heartbeat(
        self,
        worker_id: str,
        connection_id: str,
        held: Sequence[HeldJob],
        *,
        connected_at: int = 0,
    ) -> list[HeldVerdict]:
        """Renew every grant named; a worker that was put offline for silence is back.

        Args:   connected_at: when this connection registered, as the registration told, Unix ms.
        Raises: Superseded, Forgotten. Redis: heartbeat_worker.lua, one round trip, atomic, O(held log n).
        """
        reply = self._service.run(
            "heartbeat_worker",
            worker_id=worker_id,
            connection_id=connection_id,
            connected_at=connected_at,
            held=_held_json(held),
            lease_ms=self._grant_args["lease_ms"],
        )
        if reply == b"forgotten":
            raise Forgotten(f"{worker_id} is not known any more: register again")
        if reply == b"superseded":
            raise Superseded(f"another connection registered as {worker_id}")
        return _verdicts(reply)

    def goodbye(self, worker_id: str, connection_id: str) -> None:
        """End a connection on purpose: what the worker holds goes back at once, uncounted."""
        self._leave(worker_id, connection_id, "goodbye")

    def connection_lost(self, worker_id: str, connection_id: str) -> None:
        """Note that the socket is gone: offline at once, the jobs stay under their leases."""
        self._leave(worker_id, connection_id, "connection_lost")

    def _leave(self, worker_id: str, connection_id: str, reason: str) -> None:
        self._service.run(
            "leave_worker", worker_id=worker_id, connection_id=connection_id, reason=reason
        )

    def set_draining(self, worker_id: str, draining: bool, *, actor: str = "") -> Worker:
        """Let a worker finish what it has and take nothing new, or take jobs again.

        Args:   actor: the operator who asks, kept in the audit; empty: the worker itself.
        Raises: NotFound; Conflict: the worker is offline. Redis: drain_worker.lua, atomic.
        """
        word, *detail = self._service.run(
            "drain_worker", worker_id=worker_id, draining="1" if draining else "0", actor=actor
        )
        if word == b"unknown":
            raise NotFound(f"no worker {worker_id}", field="worker_id")
        if word == b"offline":
            raise Conflict(f"{worker_id} is offline", code="worker_offline")
        return msgspec.json.decode(detail[0], type=Worker)


def _static_members(message: Register, job_types: list[str]) -> bytes:
    """The members of the worker's record that only its registration decides, without braces."""
    members: dict[str, Any] = {
        "worker_id": message.worker_id,
        "job_types": job_types,
        "capabilities": message.capabilities,
        "slots": message.slots,
    }
    if message.version is not None:
        members["version"] = message.version
    if message.host is not None:
        members["host"] = message.host
    return msgspec.json.encode(members)[1:-1]


def _held_json(held: Sequence[HeldJob]) -> bytes:
    """Fences travel as strings: cjson would round 16 digits to 14."""
    return msgspec.json.encode([{"job_id": item.job_id, "fence": str(item.fence)} for item in held])


def _verdicts(reply: list[list[bytes]]) -> list[HeldVerdict]:
    return [
        HeldVerdict(job_id.decode(), int(fence), action.decode())  # type: ignore[arg-type]
        for job_id, fence, action in reply
    ]
