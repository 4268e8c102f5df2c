"""What the driver asks of every system."""

from __future__ import annotations

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

REDIS_URL = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/0")
LATENCIES = "bench:latencies"  # LIST: nanoseconds from submit to handler, pushed by the handler


class System(ABC):
    """A job queue with two tasks: `noop` takes a text and returns 1, `stamp` notes how long it waited.

    Args: groups: process groups of its workers.
    """

    def __init__(self, groups: Sequence[int]) -> None:
        self.groups = groups

    @abstractmethod
    def submit(self, payload: str) -> None:
        """Submit one `noop` and wait for the acknowledgement."""

    @abstractmethod
    def submit_many(self, payloads: Sequence[str]) -> None:
        """Submit `noop` jobs in the way that the system's users would for many."""

    @abstractmethod
    def submit_stamp(self, sent_ns: int) -> None:
        """Submit one `stamp`."""

    @abstractmethod
    def left(self, submitted: int) -> int:
        """How many of the jobs submitted so far have no result yet; 0 only when all have one."""

    def hold(self) -> None:
        """Let nothing be worked on while the backlog is built."""
        for group in self.groups:
            os.killpg(group, signal.SIGSTOP)

    def release(self) -> None:
        """Let the workers go."""
        for group in self.groups:
            os.killpg(group, signal.SIGCONT)

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Give connections back."""


class ResultKeys:
    """Counts results that are keys of their own, without a scan a look.

    Args: connection: a redis.Redis. pattern: of the result keys.
    """

    def __init__(self, connection: Any, pattern: str) -> None:
        self._connection = connection
        self._pattern = pattern
        self._others: int | None = None  # keys that are no results, known once nothing is left

    def left(self, submitted: int) -> int:
        """How many of `submitted` results are missing."""
        if self._others is not None:
            return submitted + self._others - int(self._connection.dbsize())
        left = submitted - len(self._connection.keys(self._pattern))
        if left == 0:
            self._others = int(self._connection.dbsize()) - submitted
        return left
