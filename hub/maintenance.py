"""What happens because time passes: reap, promote, close seconds, expire, mark lanes.

Runs on every hub. Each step is an idempotent script that looks at the clock of Redis, so it does not
matter which hub is first, nor how often; `run_once` does what is due and says how much it was.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from hub import limits
from hub.config import Settings
from hub.lane_fitter import LaneFitter
from hub.redis_service import RedisService
from hub.totals import BOUNDS_MS

_CHUNK: Final = 200  # records a script: short enough that nobody waits for it (about 10 ms)
_DRAIN_S: Final = 0.1  # a backlog of one kind may hold up the others for so long
_STATS_KEPT: Final = 3_600
_SLOW_EVERY_S: Final = 1.0  # lanes and expiry change nothing that anybody waits for
_BOUNDS_MS: Final = msgspec.json.encode(BOUNDS_MS)
_LANES_CLEARED_OVER: Final = limits.LANES // 2


class Done(msgspec.Struct, frozen=True):
    """What one run did, in records."""

    lost: int
    returned: int
    timed_out: int
    silent: int
    promoted: int
    seconds: int
    expired: int
    lanes: int


class Maintenance:
    """Runs the scripts of passing time.

    Args: now: seconds that never go back, for the pace of the slow steps only.
    """

    def __init__(
        self,
        service: RedisService,
        settings: Settings,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._settings = settings
        self._fitter = LaneFitter(service)
        self._now = now
        self._slow_at = 0.0
        self._patience = {
            "lease_ms": int(settings.lease_s * 1000),
            "heartbeat_ms": int(settings.heartbeat_s * 1000),
        }

    def run_once(self) -> Done:
        """Do what is due.

        Raises: redis.RedisError: Redis did not answer, or is full; call again later. What can be
                forgotten is forgotten before anything that a full Redis refuses.
        Redis:  about seven scripts, each bounded, repeated for a bounded time while they find more.
        """
        run = self._service.run
        slow = self._now() >= self._slow_at
        if slow:
            self._slow_at = self._now() + _SLOW_EVERY_S
        expired = self._expire() if slow else 0
        lost, returned = self._reap_leases()
        return Done(
            lost=lost,
            returned=returned,
            timed_out=self._drained(
                "reap_timeouts", limit=_CHUNK, chance=random.random(), **self._patience
            ),
            silent=run("reap_workers", limit=_CHUNK, **self._patience),
            promoted=self._drained("promote_jobs", limit=_CHUNK),
            seconds=run(
                "close_seconds",
                limit=300,
                stats_kept=_STATS_KEPT,
                bounds_ms=_BOUNDS_MS,
            ),
            expired=expired,
            lanes=self._tidy_lanes() if slow else 0,
        )

    def _expire(self) -> int:
        keep_ms = self._settings.keep_finished_s * 1000
        jobs = self._drained(
            "expire_jobs",
            keep_ms=keep_ms,
            keep=self._settings.keep_finished,
            key_ms=limits.IDEMPOTENCY_MS,
            limit=_CHUNK,
        )
        workers: int = self._service.run(
            "expire_workers", keep_ms=keep_ms, keep=limits.OFFLINE_WORKERS, limit=_CHUNK
        )
        return jobs + workers

    def _reap_leases(self) -> tuple[int, int]:
        until = self._now() + _DRAIN_S
        lost = returned = 0
        while True:
            more_lost, more_returned = self._service.run(
                "reap_leases", limit=_CHUNK, **self._patience
            )
            lost, returned = lost + more_lost, returned + more_returned
            if max(more_lost, more_returned) < _CHUNK or self._now() >= until:
                return lost, returned

    def _drained(self, script: str, **args: Any) -> int:
        """Repeat a script that does `limit` records a call until it does fewer, for a bounded time."""
        until = self._now() + _DRAIN_S
        total = 0
        while True:
            done: int = self._service.run(script, **args)
            total += done
            if done < args["limit"] or self._now() >= until:
                return total

    def _tidy_lanes(self) -> int:
        cleared: int = self._service.run("clear_lanes", keep=_LANES_CLEARED_OVER)
        self._service.run("clear_profiles", limit=_CHUNK)
        return cleared + self._fitter.mark_unworkable()
