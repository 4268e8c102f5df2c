"""Waiting on a condition with a deadline, never on time alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_pause = threading.Event()


def wait_until(read: Callable[[], T], *, timeout_s: float = 20.0, what: str = "") -> T:
    """Call `read` until it returns something true; that is returned.

    Raises: AssertionError: it did not in time; the last value is named.
    """
    until = time.monotonic() + timeout_s
    while True:
        value = read()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"not within {timeout_s:g} s: {what or read}; last: {value!r}")
        _pause.wait(0.01)
