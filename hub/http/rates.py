"""How many requests a caller may make in a second: a bucket of tokens for each, in this hub's memory.

Who asks without a token, where none is configured, is on this machine and not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from hub.errors import LimitReached
from hub.roles import ANONYMOUS

_BURST_S: Final = 2.0  # requests of so many seconds may come at once
_KNOWN_MAX: Final = (
    2_000  # callers; full: who has a whole bucket is forgotten, which changes nothing
)


class CallerRates:
    """Counts requests by the caller's name. Args: per_s: what each may do in a second."""

    def __init__(self, per_s: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._cost_s = 1.0 / per_s
        self._per_s = per_s
        self._now = now
        self._paid_until: dict[str, float] = {}

    def spend(self, name: str) -> None:
        """Note a request. Raises: LimitReached: `name` has made too many."""
        if name == ANONYMOUS.name:
            return
        now = self._now()
        paid_until = max(self._paid_until.get(name, now - _BURST_S), now - _BURST_S) + self._cost_s
        if paid_until > now:
            raise LimitReached(f"at most {self._per_s} requests a second", code="rate_limited")
        if len(self._paid_until) >= _KNOWN_MAX and name not in self._paid_until:
            self._forget(now)
        self._paid_until[name] = paid_until

    def _forget(self, now: float) -> None:
        for name, paid_until in list(self._paid_until.items()):
            if paid_until <= now - _BURST_S:
                del self._paid_until[name]
