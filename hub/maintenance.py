"""What happens because time passes: reap, promote, close seconds, expire, mark lanes.

Runs on every hub. Each step is an idempotent script that looks at the clock of Redis, so it does not
matter which hub is first, nor how often; `run_once` does what is due and says how much it was.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec
import redis

from hub import limits
from hub.config import Settings
from hub.lane_fitter import LaneFitter
from hub.redis_service import RedisService
from hub.totals import BOUNDS_MS

_CHUNK: Final = 200  # records a script: short enough that nobody waits for it (about 10 ms)
_DRAIN_S: Final = 0.1  # a backlog of one kind may hold up the others for so long
_STATS_KEPT: Final = 3_600
_SLOW_EVERY_S: Final = 1.0
_BOUNDS_MS: Final = msgspec.json.encode(BOUNDS_MS)
_LANES_CLEARED_OVER: Final = limits.LANES // 2
STEPS: Final = (  # in their order; what can be forgotten goes before what a full Redis refuses
    "expire",
    "reap_leases",
    "reap_timeouts",
    "reap_workers",
    "promote",
    "close_seconds",
    "tidy_lanes",
)
SLOW_STEPS: Final = frozenset({"expire", "tidy_lanes"})  # change nothing that anybody waits for
_AWAY: Final = (redis.ConnectionError, redis.TimeoutError)

log = logging.getLogger(__name__)


class Done(msgspec.Struct, frozen=True):
    """What one run did, in records; 0 for a step that was not due."""

    lost: int = 0
    returned: int = 0
    timed_out: int = 0
    silent: int = 0
    promoted: int = 0
    seconds: int = 0
    expired: int = 0
    lanes: int = 0


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
        self._steps: dict[str, Callable[[], dict[str, int]]] = dict(
            zip(
                STEPS,
                (
                    self._expire,
                    self._reap_leases,
                    self._reap_timeouts,
                    self._reap_workers,
                    self._promote,
                    self._close_seconds,
                    self._tidy_lanes,
                ),
                strict=True,
            )
        )
        self._failing: dict[
            str, type[Exception]
        ] = {}  # step → the kind of its last failure, while it fails
        self.failures: Counter[str] = Counter()
        self._patience = {
            "lease_ms": int(settings.lease_s * 1000),
            "heartbeat_ms": int(settings.heartbeat_s * 1000),
        }

    def run_once(self) -> Done:
        """Do what is due. A step that fails holds up no other one; `failures` counts them by step.

        Raises: the first failure, once every step was tried; redis.RedisError where Redis did not answer or
                is full: call again later.
        Redis:  about seven scripts, each bounded, repeated for a bounded time while they find more.
        """
        slow = self._now() >= self._slow_at
        if slow:
            self._slow_at = self._now() + _SLOW_EVERY_S
        done: dict[str, int] = {}
        first: Exception | None = None
        for name, step in self._steps.items():
            if name in SLOW_STEPS and not slow:
                continue
            try:
                done |= step()
            except Exception as error:
                self._note_failure(name, error)
                first = first or error
            else:
                self._note_success(name)
        if first is not None:
            raise first
        return Done(**done)

    def _note_failure(self, step: str, error: Exception) -> None:
        """Count it, and log it unless the step failed in the same way before."""
        self.failures[step] += 1
        known, self._failing[step] = self._failing.get(step), type(error)
        if known is type(error):
            return
        if isinstance(error, _AWAY):
            return  # Redis is away: whoever runs this says so, once for all steps
        told = None if isinstance(error, redis.RedisError) else error
        log.error("maintenance: %s fails, other steps go on: %s", step, error, exc_info=told)

    def _note_success(self, step: str) -> None:
        failure = self._failing.pop(step, None)
        if failure is not None and not issubclass(failure, _AWAY):
            log.warning("maintenance: %s works again", step)

    def _expire(self) -> dict[str, int]:
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
        return {"expired": jobs + workers}

    def _reap_leases(self) -> dict[str, int]:
        until = self._now() + _DRAIN_S
        lost = returned = 0
        while True:
            more_lost, more_returned = self._service.run(
                "reap_leases", limit=_CHUNK, **self._patience
            )
            lost, returned = lost + more_lost, returned + more_returned
            if max(more_lost, more_returned) < _CHUNK or self._now() >= until:
                return {"lost": lost, "returned": returned}

    def _reap_timeouts(self) -> dict[str, int]:
        chance = random.random()
        timed_out = self._drained("reap_timeouts", limit=_CHUNK, chance=chance, **self._patience)
        return {"timed_out": timed_out}

    def _reap_workers(self) -> dict[str, int]:
        return {"silent": self._service.run("reap_workers", limit=_CHUNK, **self._patience)}

    def _promote(self) -> dict[str, int]:
        return {"promoted": self._drained("promote_jobs", limit=_CHUNK)}

    def _close_seconds(self) -> dict[str, int]:
        seconds = self._service.run(
            "close_seconds", limit=300, stats_kept=_STATS_KEPT, bounds_ms=_BOUNDS_MS
        )
        return {"seconds": seconds}

    def _tidy_lanes(self) -> dict[str, int]:
        cleared: int = self._service.run("clear_lanes", keep=_LANES_CLEARED_OVER)
        self._service.run("clear_profiles", limit=_CHUNK)
        return {"lanes": cleared + self._fitter.mark_unworkable()}

    def _drained(self, script: str, **args: Any) -> int:
        """Repeat a script that does `limit` records a call until it does fewer, for a bounded time."""
        until = self._now() + _DRAIN_S
        total = 0
        while True:
            done: int = self._service.run(script, **args)
            total += done
            if done < args["limit"] or self._now() >= until:
                return total
