"""Serves the dashboard with gunicorn's gevent worker, as the hub is: one process, a greenlet a request.

Everything that moves comes over the hub's socket, straight into the browser; what is left here is
page views, clicks and files, each one request to the hub. With threads sixteen clients that send nothing
kept everybody out (docs/decisions/0002-serving.md).
Importing this module patches the standard library for gevent: it belongs to a process that serves.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

from collections.abc import Callable  # noqa: E402
from typing import Any, Final  # noqa: E402

from gunicorn.app.base import BaseApplication  # noqa: E402

from dashboard.app import create_app  # noqa: E402
from dashboard.config import DashboardConfig, read_config  # noqa: E402
from dashboard.people import require_people  # noqa: E402
from hub.bounded_worker import REFUSING, BoundedWorker  # noqa: E402
from hub.config import Settings  # noqa: E402
from hub.logs import configure_logs  # noqa: E402
from hub.server_log import ServerLogger  # noqa: E402
from hub.slow_bodies import SlowBodies  # noqa: E402

# With those to the hub, and those being refused, fewer than the 1,024 files that a process may usually open.
_CONNECTIONS: Final = 500
_GRACEFUL_S: Final = 5


class _DashboardServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured here and nowhere else."""

    def __init__(self, settings: Settings, config: DashboardConfig) -> None:
        self._settings = settings
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        BoundedWorker.first_request_s = self._settings.request_s
        host = self._settings.host
        bind_host = f"[{host}]" if ":" in host else host
        for name, value in {
            "bind": f"{bind_host}:{self._settings.dashboard_port}",
            "worker_class": BoundedWorker,
            "workers": 1,
            "worker_connections": _CONNECTIONS + REFUSING,
            "graceful_timeout": _GRACEFUL_S,
            "timeout": 60,
            "keepalive": 75,
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": ServerLogger,
            "proc_name": "jobhub-dashboard",
            "when_ready": _announce,
        }.items():
            if name in self.cfg.settings:  # older gunicorns have no control socket
                self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        return SlowBodies(create_app(self._config).server, self._settings.request_s)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; the process ends with status 0.

    Raises: InvalidInput: a preset is wrong, or others may reach the address and nobody could sign in.
    """
    configure_logs(settings.log_format, settings.log_level)
    config = read_config(settings)
    require_people(config)
    _DashboardServer(settings, config).run()


def _announce(arbiter: Any) -> None:
    host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    print(f"The dashboard listens on\nhttp://{name}:{port}", flush=True)  # noqa: T201
