"""Reads workers and queues. Changes nothing."""

from __future__ import annotations

import msgspec

from hub.errors import NotFound
from hub.redis_service import RedisService


class WorkerRows(msgspec.Struct, frozen=True):
    """Workers as JSON, connected ones first; `truncated`: there are more."""

    workers: list[msgspec.Raw]
    truncated: bool


class FleetReader:
    """Looks up workers and queues of one namespace."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def workers(self, limit: int) -> WorkerRows:
        """Read up to `limit` workers. Redis: read_workers.lua, one round trip, O(limit)."""
        flat, total = self._service.run("read_workers", limit=limit)
        rows = [_worker_row(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
        return WorkerRows(rows, total > len(rows))

    def worker(self, worker_id: str) -> msgspec.Raw:
        """Read one worker.

        Raises: NotFound. Redis: read_worker.lua, one round trip.
        """
        found = self._service.run("read_worker", worker_id=worker_id)
        if found is None:
            raise NotFound(f"no worker {worker_id}", field="worker_id")
        return _worker_row(*found)

    def queues(self) -> list[msgspec.Raw]:
        """Read every queue by name. Redis: read_queues.lua, one round trip, O(job types + lanes)."""
        return [msgspec.Raw(queue) for queue in self._service.run("read_queues", job_type="")]

    def queue(self, job_type: str) -> msgspec.Raw:
        """Read one queue.

        Raises: NotFound. Redis: read_queues.lua, one round trip.
        """
        found = self._service.run("read_queues", job_type=job_type)
        if not found:
            raise NotFound(f"no job of type {job_type} was ever seen", field="job_type")
        return msgspec.Raw(found[0])


def _worker_row(record: bytes, heartbeat: bytes) -> msgspec.Raw:
    """Put the heartbeat, which changes without an event, into a worker's record."""
    return msgspec.Raw(record[:-1] + b',"last_heartbeat_at":' + heartbeat + b"}")
