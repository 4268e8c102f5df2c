"""Serves the dashboard with gunicorn: one process, threads.

Everything that moves comes over the hub's socket, straight into the browser; what is left here is
page views, clicks and files, each one request to the hub.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gunicorn.app.base import BaseApplication

from dashboard.app import create_app
from dashboard.config import DashboardConfig, read_config
from hub.config import Settings

_THREADS: Final = 16
_GRACEFUL_S: Final = 5


class _DashboardServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured here and nowhere else."""

    def __init__(self, settings: Settings, config: DashboardConfig) -> None:
        self._settings = settings
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        host = self._settings.host
        bind_host = f"[{host}]" if ":" in host else host
        for name, value in {
            "bind": f"{bind_host}:{self._settings.dashboard_port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": _THREADS,
            "graceful_timeout": _GRACEFUL_S,
            "timeout": 60,
            "keepalive": 75,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "jobhub-dashboard",
            "when_ready": _announce,
        }.items():
            if name in self.cfg.settings:  # older gunicorns have no control socket
                self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        server: Callable[..., Any] = create_app(self._config).server
        return server


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; the process ends with status 0.

    Raises: InvalidInput: a preset is wrong, or the address may be reached from outside.
    """
    _DashboardServer(settings, read_config(settings)).run()


def _announce(arbiter: Any) -> None:
    host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    print(f"The dashboard listens on\nhttp://{name}:{port}", flush=True)  # noqa: T201
