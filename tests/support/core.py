"""The core of a hub without sockets: shorthand for tests that drive the scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hub.job_broker import Assignment, JobBroker
from hub.maintenance import Maintenance
from hub.messages import HeldJob, Register, SubmitRequest
from hub.records import Job
from hub.redis_service import RedisService
from hub.worker_registry import Registration, WorkerRegistry


class Core:
    """A hub's core with one client and any number of workers, all in this thread."""

    def __init__(
        self,
        service: RedisService,
        broker: JobBroker,
        registry: WorkerRegistry,
        maintenance: Maintenance,
        pass_time: Callable[[float], None],
    ) -> None:
        self.service = service
        self.broker = broker
        self.registry = registry
        self.maintenance = maintenance
        self.pass_time = pass_time

    def submit(self, job_type: str = "demo", **fields: Any) -> Job:
        """Submit a job as one client."""
        body = msgspec.json.encode({"job_type": job_type, **fields})
        request = msgspec.json.decode(body, type=SubmitRequest)
        return self.broker.submit(request, submitted_by="tester").job

    def register(
        self,
        worker_id: str = "w1",
        *,
        job_types: tuple[str, ...] = ("demo",),
        connection: str = "",
        resume: list[Assignment] | None = None,
        **fields: Any,
    ) -> Registration:
        """Connect a worker."""
        held = [HeldJob(job_id=item.job_id, fence=item.fence) for item in resume or []]
        message = Register(worker_id=worker_id, job_types=list(job_types), resume=held, **fields)
        return self.registry.register(message, connection or f"c-{worker_id}")

    def take(self, worker_id: str = "w1") -> Assignment:
        """Claim one job that must be there."""
        (given,) = self.broker.claim(worker_id, 1)
        return given

    def run(self, worker_id: str = "w1") -> Assignment:
        """Claim one job that must be there, and start it."""
        given = self.take(worker_id)
        assert self.broker.start(worker_id, given.job_id, given.fence) == "ack"
        return given

    def events(self) -> list[dict[str, Any]]:
        """Every event of the log, oldest first."""
        entries = self.service.redis.xrange(self.service.keys.events)
        return [msgspec.json.decode(fields[b"e"]) for _, fields in entries]

    def moves(self, job_id: str) -> list[tuple[str | None, str | None]]:
        """The moves of a job, as events told them."""
        return [
            (event["old_status"], event["new_status"])
            for event in self.events()
            if event.get("job_id") == job_id and "new_status" in event
        ]
