"""/healthz, /readyz and /metrics: for whoever restarts, routes or watches."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.errors import Unavailable
from hub.exposition import CONTENT_TYPE, Exposition
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.shapes import Health
from hub.redis_service import RedisService
from hub.replicator import Replicator


def health_blueprint(
    service: RedisService, replicator: Replicator, exposition: Exposition
) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    @operation(summary="Whether the hub is alive", tag="Health", answers={200: Health})
    def alive() -> Response:
        return answer(Health("ok"))

    @routes.get("/readyz")
    @operation(
        summary="Whether the hub can serve: Redis answers, the event log is followed",
        tag="Health",
        answers={200: Health},
    )
    def ready() -> Response:
        service.redis.ping()
        if not replicator.wait_ready(0):
            raise Unavailable("the event log is not followed yet")
        return answer(Health("ready", replicator.epoch, replicator.seq))

    @routes.get("/metrics")
    @operation(
        summary="Metrics of this hub for Prometheus", tag="Health", answers={200: "text/plain"}
    )
    def metrics() -> Response:
        return Response(exposition.write(), content_type=CONTENT_TYPE)

    return routes
