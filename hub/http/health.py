"""/healthz and /readyz: for whoever restarts or routes."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.errors import Unavailable
from hub.http.problems import answer
from hub.redis_service import RedisService
from hub.replicator import Replicator


def health_blueprint(service: RedisService, replicator: Replicator) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> Response:
        return answer({"status": "ok"})

    @routes.get("/readyz")
    def ready() -> Response:
        service.redis.ping()
        if not replicator.wait_ready(0):
            raise Unavailable("the event log is not followed yet")
        return answer({"status": "ready", "epoch": replicator.epoch, "seq": replicator.seq})

    return routes
