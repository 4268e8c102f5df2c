"""Looks after the embedded server while this process uses it.

The server can die alone: the kernel needed memory, or it lived in the systemd unit of another hub, which
was stopped. Without a keeper the hubs that are left would answer 503 for ever.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Final

from hub.errors import Unavailable

_LOOK_EVERY_S: Final = 1.0

log = logging.getLogger(__name__)


class Keeper:
    """A thread that calls `revive` once a second.

    Args: revive: starts the server if it is gone; quick where it is not.
    """

    def __init__(self, revive: Callable[[], None]) -> None:
        self._revive = revive
        self._owner = os.getpid()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._failed = False

    @property
    def forked(self) -> bool:
        """Whether this is a child of the process that began: the server is not its to keep or stop."""
        return os.getpid() != self._owner

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after a start that is under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY_S):
            # gevent takes its greenlets along into a fork; one that ends there is a KeyError.
            if self.forked:
                self._stopping.wait()
            try:
                self._revive()
                self._failed = False
            except (OSError, Unavailable) as error:
                if not self._failed:
                    log.error("the embedded server ended and cannot be started: %s", error)
                self._failed = True
