"""Serves the hub with gunicorn's gevent worker: one process, a greenlet a connection.

docs/decisions/0002-serving.md says why. The master owns the embedded Redis and forks one worker.
Importing this module patches the standard library for gevent: it belongs to a process that serves,
and comes before anything that opens sockets.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402
import logging  # noqa: E402
import resource  # noqa: E402
from collections.abc import Callable  # noqa: E402
from contextlib import ExitStack  # noqa: E402
from typing import Any, Final  # noqa: E402

import gevent  # noqa: E402
import msgspec  # noqa: E402
from gunicorn.app.base import BaseApplication  # noqa: E402

from hub.app import create_app, create_hub  # noqa: E402
from hub.bounded_worker import REFUSING, BoundedWorker  # noqa: E402
from hub.config import Settings  # noqa: E402
from hub.embedded import acquire  # noqa: E402
from hub.logs import configure_logs  # noqa: E402
from hub.server_log import ServerLogger  # noqa: E402
from hub.slow_bodies import SlowBodies  # noqa: E402
from hub.ws.outbox import OutboxMiddleware  # noqa: E402

_GRACEFUL_S: Final = 10
_FILES_BESIDE: Final = (
    512  # that a hub has open besides its connections: to Redis, and while it refuses
)
_URL_BYTES: Final = 8_190  # gunicorn's most; a listing with every filter at its longest is 1,600

log = logging.getLogger(__name__)


class _HubServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured here and nowhere else."""

    def __init__(self, settings: Settings, redis_url: str) -> None:
        self._settings = settings
        self._redis_url = redis_url
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        BoundedWorker.first_request_s = settings.request_s
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        for name, value in {
            "bind": f"{host}:{settings.port}",
            "worker_class": BoundedWorker,
            "workers": 1,
            "worker_connections": settings.max_connections + REFUSING,
            "graceful_timeout": _GRACEFUL_S,
            "timeout": 60,
            "keepalive": 75,
            "limit_request_line": _URL_BYTES,
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": ServerLogger,
            "proc_name": "jobhub-hub",
            "when_ready": _announce,
            "post_worker_init": _watch,
        }.items():
            if name in self.cfg.settings:  # older gunicorns have no control socket
                self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        hub = create_hub(self._settings, self._redis_url)
        app = create_app(hub)
        hub.start()
        _spare_the_collector()
        outboxes = OutboxMiddleware(app, limit_bytes=4 * self._settings.monitor_outbox_bytes)
        wrapped = SlowBodies(outboxes, self._settings.request_s)
        wrapped.hub = hub  # type: ignore[attr-defined]
        return wrapped


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; the process ends with status 0.

    Raises: JobhubError: no Redis can be had.
    """
    configure_logs(settings.log_format, settings.log_level)
    settings = _within_open_files(settings)
    with ExitStack() as stack:
        redis_url = settings.redis_url
        if redis_url is None:
            redis_url = stack.enter_context(acquire(settings)).url
        _HubServer(settings, redis_url).run()


def _within_open_files(settings: Settings) -> Settings:
    """Raise the limit of open files as far as the system allows, and hold no more connections than that."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + _FILES_BESIDE
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed == wanted:
        return settings
    held = max(1, allowed - _FILES_BESIDE)
    log.warning("%d connections at most: the process may open %d files (ulimit -n)", held, allowed)
    return msgspec.structs.replace(settings, max_connections=held)


def _spare_the_collector() -> None:
    """Keep what is there from the start out of the collector's walks, and begin few of them.

    The ring's tens of thousands of events are none of its business (`gc=False`): what it walks over is
    what lives for a request or a connection. A full walk comes after 50,000 objects at the latest, or
    what waits for it would be tens of megabytes (bench/soak). All walks take a hundredth of a busy hub's
    time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 5, 5)


def _announce(arbiter: Any) -> None:
    host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    print(f"The hub listens on\nhttp://{name}:{port}", flush=True)  # noqa: T201


def _watch(worker: Any) -> None:
    """SIGTERM does not reach the socket handlers: close them as soon as the worker is told to end."""

    def wait_for_the_end() -> None:
        while worker.alive:
            gevent.sleep(0.1)
        worker.wsgi.hub.stop()

    gevent.spawn(wait_for_the_end)
