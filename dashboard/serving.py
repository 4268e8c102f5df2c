"""Serves the dashboard with gunicorn: one process, threads.

Everything that moves comes over the hub's socket, straight into the browser; what is left here is
page views, clicks and files, each one request to the hub.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from gunicorn.app.base import BaseApplication

from dashboard.app import create_app
from dashboard.config import DashboardConfig, read_config
from dashboard.hub_client import HubUnreachable
from dashboard.people import People
from hub.config import Settings
from hub.errors import InvalidInput
from hub.logs import configure_logs
from hub.server_log import ServerLogger

_THREADS: Final = 16
_GRACEFUL_S: Final = 5
_HUB_WITHIN_S: Final = 10.0
_ASK_EVERY_S: Final = 1.0


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
            "logger_class": ServerLogger,
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

    Raises: InvalidInput: a preset is wrong, or others may reach the address and nobody could sign in.
    """
    configure_logs(settings.log_format, settings.log_level)
    config = read_config(settings)
    require_people(config)
    _DashboardServer(settings, config).run()


def require_people(config: DashboardConfig, wait_s: float = _HUB_WITHIN_S) -> None:
    """Refuse to be reached from outside while nobody could sign in.

    A hub that starts at the same time gets `wait_s`; without an answer only the sign-in page is served.

    Raises: InvalidInput.
    """
    if not config.public or config.trusted_user_header is not None:
        return
    people = People(config)
    until = time.monotonic() + wait_s
    while True:
        try:
            users = people.users()
        except HubUnreachable:
            if time.monotonic() >= until:
                return
            time.sleep(_ASK_EVERY_S)
            continue
        if not users:
            raise InvalidInput(
                "others can reach the dashboard, and no user exists: `jobhub user add NAME --role operator`, "
                "or JOBHUB_TRUSTED_USER_HEADER behind a proxy that signs people in, or keep 127.0.0.1",
                field="JOBHUB_HOST",
            )
        return


def _announce(arbiter: Any) -> None:
    host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    print(f"The dashboard listens on\nhttp://{name}:{port}", flush=True)  # noqa: T201
