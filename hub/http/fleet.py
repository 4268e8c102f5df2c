"""/api/workers and /api/queues: who works, what waits, and the operators' switches."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from hub.errors import NotFound
from hub.http.jobs import SUBMITTER
from hub.http.problems import answer
from hub.job_broker import JobBroker
from hub.snapshot import SnapshotReader
from hub.worker_registry import WorkerRegistry


def workers_blueprint(registry: WorkerRegistry, snapshots: SnapshotReader) -> Blueprint:
    """Build the routes of workers."""
    routes = Blueprint("workers", __name__, url_prefix="/api/workers")

    @routes.get("")
    def list_workers() -> Response:
        workers = snapshots.read().workers
        return answer({"workers": workers.rows, "truncated": workers.truncated})

    @routes.get("/<path:worker_id>")
    def get(worker_id: str) -> Response:
        return answer(snapshots.read_worker(worker_id))

    @routes.post("/<path:worker_id>/drain")
    def drain(worker_id: str) -> Response:
        return answer(registry.set_draining(worker_id, True))

    @routes.post("/<path:worker_id>/resume")
    def resume(worker_id: str) -> Response:
        return answer(registry.set_draining(worker_id, False))

    return routes


def queues_blueprint(broker: JobBroker, snapshots: SnapshotReader) -> Blueprint:
    """Build the routes of queues; a queue is a job type."""
    routes = Blueprint("queues", __name__, url_prefix="/api/queues")

    @routes.get("")
    def list_queues() -> Response:
        return answer({"queues": snapshots.read().queues})

    @routes.get("/<path:job_type>")
    def get(job_type: str) -> Response:
        for raw in msgspec.json.decode(snapshots.read().queues, type=list[msgspec.Raw]):
            if msgspec.json.decode(raw)["job_type"] == job_type:
                return answer(raw)
        raise NotFound(f"no job of type {job_type} was ever seen", field="job_type")

    @routes.post("/<path:job_type>/pause")
    def pause(job_type: str) -> Response:
        return answer(broker.pause(job_type, actor=SUBMITTER))

    @routes.post("/<path:job_type>/resume")
    def resume(job_type: str) -> Response:
        return answer(broker.resume(job_type, actor=SUBMITTER))

    return routes
