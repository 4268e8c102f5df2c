"""Slows down who guesses passwords: a few failures in five minutes, then none is tried."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

WITHIN_S: Final = 300.0
_KEYS_MAX: Final = 10_000  # when full, the longest unused is forgotten


class Throttle:
    """Counts failures by key. One a process: several dashboards allow as many times the failures."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, limits: dict[str, int]) -> bool:
        """Count an attempt as failed until `forgive`; False, and not counted, when a key has had too many.

        Args: limits: by key, the failures that are allowed in five minutes.
        """
        with self._lock:
            now = self._now()
            heard = [(self._recent(key, now), most) for key, most in limits.items()]
            if any(len(times) >= most for times, most in heard):
                return False
            for times, _ in heard:
                times.append(now)
            return True

    def forgive(self, limits: dict[str, int]) -> None:
        """Take back the attempt just begun: it succeeded."""
        with self._lock:
            for key in limits:
                times = self._recent(key, self._now())
                if times:
                    times.pop()

    def _recent(self, key: str, now: float) -> deque[float]:
        times = self._failures.setdefault(key, deque())
        self._failures.move_to_end(key)
        while times and now - times[0] > WITHIN_S:
            times.popleft()
        if len(self._failures) > _KEYS_MAX:
            self._failures.popitem(last=False)
        return times
