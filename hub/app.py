"""The only wiring: builds the parts of a hub process and the Flask application around them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

import redis
from flask import Blueprint, Flask, Response, request

from hub import limits
from hub.access import Access
from hub.audit import AuditLog
from hub.bulk import BulkActions
from hub.config import Settings
from hub.dispatcher import Dispatcher
from hub.event_broadcaster import EventBroadcaster
from hub.exposition import Exposition
from hub.fleet_reader import FleetReader
from hub.http.analytics import analytics_blueprint
from hub.http.audit import audit_blueprint
from hub.http.bodies import refuse_large
from hub.http.bulk import bulk_blueprint
from hub.http.callers import admit
from hub.http.figure_exports import figure_exports_blueprint
from hub.http.figures import figures_blueprint
from hub.http.fleet import queues_blueprint, workers_blueprint
from hub.http.health import health_blueprint
from hub.http.job_lists import job_lists_blueprint
from hub.http.jobs import jobs_blueprint
from hub.http.marks import marks_blueprint
from hub.http.problems import register_problems
from hub.http.promises import promises_blueprint
from hub.http.rates import CallerRates
from hub.http.reference import reference_blueprint
from hub.http.request_ids import follow_requests
from hub.http.routing import prepare_routing
from hub.http.tokens import tokens_blueprint
from hub.http.users import users_blueprint
from hub.intake import Intake
from hub.job_broker import JobBroker
from hub.job_reader import JobReader
from hub.job_waiter import JobWaiter
from hub.keys import Keys
from hub.logs import REQUEST_ID_HEADER
from hub.maintenance import Maintenance
from hub.marks import Marks
from hub.match_report import MatchReader
from hub.metrics import MetricsReader
from hub.promises import Promises
from hub.queue_place import PlaceReader
from hub.redis_service import RedisService
from hub.replicator import Replicator
from hub.roles import Caller
from hub.snapshot import SnapshotReader
from hub.totals import Totals
from hub.users import Users
from hub.worker_registry import WorkerRegistry
from hub.ws.client import ClientHandler
from hub.ws.connection import Connection, Connections
from hub.ws.monitor import MonitorHandler
from hub.ws.mounting import mount_sockets
from hub.ws.worker import WorkerHandler

_MAINTENANCE_EVERY_S = 0.25  # a delayed job starts at most so much late
_AFTER_FAILURE_S = 1.0
_FOLLOWED_WITHIN_S = 2.0  # a hub whose Redis is away serves nevertheless

log = logging.getLogger(__name__)


@dataclass
class Hub:
    """The parts of one hub process."""

    settings: Settings
    service: RedisService
    access: Access
    broker: JobBroker
    registry: WorkerRegistry
    reader: JobReader
    fleet: FleetReader
    snapshots: SnapshotReader
    metrics: MetricsReader
    marks: Marks
    promises: Promises
    replicator: Replicator
    broadcaster: EventBroadcaster
    dispatcher: Dispatcher
    intake: Intake
    waiter: JobWaiter
    maintenance: Maintenance
    connections: Connections

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._tending = threading.Thread(target=self._tend, name="maintenance", daemon=True)

    def start(self) -> None:
        """Start every thread of the hub; whoever it serves from now on misses no event."""
        self.replicator.start()
        if not self.replicator.wait_ready(_FOLLOWED_WITHIN_S):
            log.warning("the event log is not followed yet: Redis does not answer")
        self.broadcaster.start()
        self.dispatcher.start()
        self.connections.start()
        self._tending.start()

    def stop(self) -> None:
        """Close every connection with 1012 and end the threads."""
        self._stopping.set()
        self.waiter.end()
        self.dispatcher.stop()
        self.connections.stop()
        self.broadcaster.stop()
        self.replicator.stop()
        self._tending.join(5.0)

    def _tend(self) -> None:
        wait_s = _MAINTENANCE_EVERY_S
        while not self._stopping.wait(wait_s):
            try:
                self.maintenance.run_once()
                wait_s = _MAINTENANCE_EVERY_S
            except (redis.ConnectionError, redis.TimeoutError) as error:
                if wait_s != _AFTER_FAILURE_S:
                    log.warning("maintenance waits until Redis works again: %s", error)
                wait_s = _AFTER_FAILURE_S
            except Exception:  # a step failed, the others were done; the log and /metrics have it
                wait_s = _MAINTENANCE_EVERY_S


def create_hub(settings: Settings, redis_url: str) -> Hub:
    """Build the parts; nothing runs yet."""
    keys = Keys(settings.namespace)
    service = RedisService(redis_url, keys, stream_events=settings.stream_events)
    snapshots = SnapshotReader(service)
    replicator = Replicator(service, snapshots, settings.ring_events)
    broker = JobBroker(service, settings)
    dispatcher = Dispatcher(broker, replicator)
    waiter = JobWaiter()
    replicator.listen(waiter)
    return Hub(
        settings=settings,
        service=service,
        access=Access(settings, service),
        broker=broker,
        registry=WorkerRegistry(service, settings),
        reader=JobReader(service),
        fleet=FleetReader(service),
        snapshots=snapshots,
        metrics=MetricsReader(service),
        marks=Marks(service),
        promises=Promises(service),
        replicator=replicator,
        broadcaster=EventBroadcaster(service, snapshots, replicator, settings),
        dispatcher=dispatcher,
        intake=Intake(broker, dispatcher),
        waiter=waiter,
        maintenance=Maintenance(service, settings),
        connections=Connections(settings.max_connections * 9 // 10),
    )


def create_app(hub: Hub) -> Flask:
    """Build the Flask application of a hub."""
    app = Flask("hub", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = limits.BODY_BYTES
    follow_requests(app)
    prepare_routing(app)
    register_problems(app)
    _guard(app, hub.access, CallerRates(hub.settings.requests_per_s), hub.connections)
    for routes in (*_job_routes(hub), *_operator_routes(hub), *_figure_routes(hub)):
        app.register_blueprint(routes)
    _mount_sockets(app, hub)
    return app


def _job_routes(hub: Hub) -> list[Blueprint]:
    places, matches = PlaceReader(hub.service), MatchReader(hub.service)
    return [
        jobs_blueprint(hub.broker, hub.intake, hub.reader, hub.waiter, places, matches),
        bulk_blueprint(BulkActions(hub.broker, hub.reader)),
        job_lists_blueprint(hub.reader),
        workers_blueprint(hub.registry, hub.fleet),
        queues_blueprint(hub.broker, hub.fleet),
    ]


def _operator_routes(hub: Hub) -> list[Blueprint]:
    audit = AuditLog(hub.service)
    return [
        audit_blueprint(audit),
        tokens_blueprint(hub.access, audit),
        users_blueprint(Users(hub.service), audit),
        marks_blueprint(hub.metrics, hub.marks, audit),
        promises_blueprint(hub.metrics, hub.promises, audit),
        reference_blueprint(),
    ]


def _figure_routes(hub: Hub) -> list[Blueprint]:
    exposition = Exposition(
        hub.broadcaster,
        hub.replicator,
        hub.connections.count,
        Totals(hub.service),
        hub.maintenance.failures,
    )
    return [
        figures_blueprint(hub.snapshots, hub.access),
        analytics_blueprint(hub.metrics),
        figure_exports_blueprint(hub.metrics),
        health_blueprint(hub.service, hub.replicator, exposition),
    ]


def _guard(app: Flask, access: Access, rates: CallerRates, connections: Connections) -> None:
    @app.before_request
    def check() -> None:
        access.check_source(request.headers)
        admit(access, request, rates)
        refuse_large(request)
        if request.url_rule is not None and request.url_rule.websocket:
            connections.check_room()

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        response.headers.setdefault(
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"
        )
        origin = request.headers.get("Origin")
        if origin is not None and access.origin_allowed(origin, request.host):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = REQUEST_ID_HEADER
            response.headers["Vary"] = "Origin"
        return response


def _mount_sockets(app: Flask, hub: Hub) -> None:
    settings = hub.settings
    lease_ms, heartbeat_ms = int(settings.lease_s * 1000), int(settings.heartbeat_s * 1000)

    def monitor(connection: Connection, caller: Caller) -> None:
        MonitorHandler(connection, hub.broadcaster).run()

    def worker(connection: Connection, caller: Caller) -> None:
        handler = WorkerHandler(
            connection,
            hub.broker,
            hub.registry,
            hub.dispatcher,
            lease_ms=lease_ms,
            heartbeat_ms=heartbeat_ms,
        )
        handler.run()

    def client(connection: Connection, caller: Caller) -> None:
        ClientHandler(connection, hub.broker, hub.intake, hub.waiter, caller).run()

    serve = {"monitor": monitor, "worker": worker, "client": client}
    mount_sockets(app, hub.connections, hub.access, serve)
