"""/healthz and /readyz: for whoever restarts or routes."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.errors import Unavailable
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.shapes import Health
from hub.redis_service import RedisService
from hub.replicator import Replicator


def health_blueprint(service: RedisService, replicator: Replicator) -> Blueprint:
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

    return routes
