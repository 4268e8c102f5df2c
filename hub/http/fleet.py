"""/api/workers and /api/queues: who works, what waits, and the operators' switches."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.answers import Queue
from hub.fleet_reader import FleetReader
from hub.http.bodies import read_no_body
from hub.http.callers import caller
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.queries import read_query
from hub.http.shapes import QueueList, WorkerList, WorkersQuery
from hub.job_broker import JobBroker
from hub.records import Worker
from hub.worker_registry import WorkerRegistry


def workers_blueprint(registry: WorkerRegistry, fleet: FleetReader) -> Blueprint:
    """Build the routes of workers."""
    routes = Blueprint("workers", __name__, url_prefix="/api/workers")
    _add_worker_reads(routes, fleet)
    _add_worker_switches(routes, registry)
    return routes


def _add_worker_reads(routes: Blueprint, fleet: FleetReader) -> None:
    @routes.get("")
    @operation(
        summary="List workers",
        tag="Workers",
        query=WorkersQuery,
        answers={200: WorkerList},
        errors=(422,),
        detail="Connected workers first, then those that are gone, each newest first.",
    )
    def list_workers() -> Response:
        return answer(fleet.workers(read_query(WorkersQuery).limit))

    @routes.get("/<name:worker_id>")
    @operation(summary="Read a worker", tag="Workers", answers={200: Worker}, errors=(404,))
    def get(worker_id: str) -> Response:
        return answer(fleet.worker(worker_id))


def _add_worker_switches(routes: Blueprint, registry: WorkerRegistry) -> None:
    @routes.post("/<acted_name:worker_id>/drain")
    @operation(
        summary="Let a worker finish and give it nothing new",
        tag="Workers",
        answers={200: Worker},
        errors=(404, 409),
    )
    def drain(worker_id: str) -> Response:
        read_no_body()
        return answer(registry.set_draining(worker_id, True, actor=caller().actor))

    @routes.post("/<acted_name:worker_id>/resume")
    @operation(
        summary="Give a draining worker jobs again",
        tag="Workers",
        answers={200: Worker},
        errors=(404, 409),
    )
    def resume(worker_id: str) -> Response:
        read_no_body()
        return answer(registry.set_draining(worker_id, False, actor=caller().actor))


def queues_blueprint(broker: JobBroker, fleet: FleetReader) -> Blueprint:
    """Build the routes of queues; a queue is a job type."""
    routes = Blueprint("queues", __name__, url_prefix="/api/queues")
    _add_queue_reads(routes, fleet)
    _add_queue_switches(routes, broker)
    return routes


def _add_queue_reads(routes: Blueprint, fleet: FleetReader) -> None:
    @routes.get("")
    @operation(summary="List queues", tag="Queues", answers={200: QueueList})
    def list_queues() -> Response:
        return answer({"queues": fleet.queues()})

    @routes.get("/<name:job_type>")
    @operation(summary="Read a queue", tag="Queues", answers={200: Queue}, errors=(404,))
    def get(job_type: str) -> Response:
        return answer(fleet.queue(job_type))


def _add_queue_switches(routes: Blueprint, broker: JobBroker) -> None:
    @routes.post("/<acted_name:job_type>/pause")
    @operation(
        summary="Stop giving out jobs of a type",
        tag="Queues",
        answers={200: Queue},
        errors=(404,),
        detail="Jobs that run go on; new ones are taken and wait.",
    )
    def pause(job_type: str) -> Response:
        read_no_body()
        return answer(broker.pause(job_type, actor=caller().actor))

    @routes.post("/<acted_name:job_type>/resume")
    @operation(
        summary="Give out jobs of a type again", tag="Queues", answers={200: Queue}, errors=(404,)
    )
    def resume(job_type: str) -> Response:
        read_no_body()
        return answer(broker.resume(job_type, actor=caller().actor))
