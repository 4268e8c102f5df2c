"""Waiting on a condition with a deadline, never on time alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_pause = threading.Event()
_SOON_S, _SELDOM_S = 0.01, 0.1


def wait_until(read: Callable[[], T], *, timeout_s: float = 20.0, what: str = "") -> T:
    """Call `read` until it returns something true; that is returned.

    What takes long is asked less often: many tests wait at once, and `read` may be a browser or a command.

    Raises: AssertionError: it did not in time; the last value is named.
    """
    until = time.monotonic() + timeout_s
    pause_s = _SOON_S
    while True:
        value = read()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"not within {timeout_s:g} s: {what or read}; last: {value!r}")
        _pause.wait(pause_s)
        pause_s = min(pause_s * 1.3, _SELDOM_S)
