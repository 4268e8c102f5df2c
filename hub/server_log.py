"""The log of the server under hub and dashboard, gunicorn: written as every other line is."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger


class ServerLogger(Logger):  # type: ignore[misc]
    """Hands gunicorn's messages to the root logger (hub.logs)."""

    def setup(self, cfg: Any) -> None:
        """Set the level; handlers are the root's."""
        self.error_log.setLevel(cfg.loglevel.upper())
        self.error_log.propagate = True
