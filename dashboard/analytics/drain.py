"""When will the backlog be gone, and what would more workers change?"""

from __future__ import annotations

import math
from typing import Final

import msgspec

_Z: Final = 1.96  # 95 % of a Poisson count's spread


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """The queue over the last `span_s` seconds, and what waits now.

    `busy_slot_s` is the slot time that handlers used, `slots` the slots offered now on `workers`.
    """

    pending: int
    arrived: int
    finished: int
    span_s: float
    busy_slot_s: float
    slots: float
    workers: int


class DrainTime(msgspec.Struct, frozen=True):
    """Seconds until the backlog is gone, likely between `low_s` and `high_s`; None: not at this rate."""

    seconds: float | None
    low_s: float | None
    high_s: float | None


def drain_time(traffic: Traffic, more_workers: int = 0) -> DrainTime:
    """Divide the backlog by what leaves more than comes.

    More workers finish as much a slot as those that are there did; a backlog keeps them busy.
    Source: DESIGN's definition, with the spread of two Poisson counts.
    """
    if traffic.pending == 0:
        return DrainTime(0.0, 0.0, 0.0)
    extra = _extra_rate(traffic, more_workers)
    rate = (traffic.finished - traffic.arrived) / traffic.span_s + extra
    spread = _Z * math.sqrt(traffic.finished + traffic.arrived) / traffic.span_s
    return DrainTime(
        _time_at(traffic.pending, rate),
        _time_at(traffic.pending, rate + spread),
        _time_at(traffic.pending, rate - spread),
    )


def _extra_rate(traffic: Traffic, more_workers: int) -> float:
    if not more_workers or traffic.busy_slot_s <= 0 or traffic.workers == 0:
        return 0.0
    jobs_a_slot_second = traffic.finished / traffic.busy_slot_s
    return more_workers * traffic.slots / traffic.workers * jobs_a_slot_second


def _time_at(pending: int, rate: float) -> float | None:
    return pending / rate if rate > 0 else None
