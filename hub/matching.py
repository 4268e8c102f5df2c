"""Which worker fits which job; pure functions over job types, requirements and capabilities.

A worker fits when its `job_types` contain the job's type, every `must` holds and no `must_not`
does. A number asks for at least as much; a string or boolean for the same, or to be contained in
the worker's list; a list for all of its items. A key that the worker does not have does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from hub import limits
from hub.errors import InvalidInput
from hub.messages import Requirements


class Lane(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all jobs of a lane ask of a worker."""

    job_type: str
    requirements: dict[str, Any] | None = None

    @property
    def lane_id(self) -> str:
        """Digest of the lane: equal lanes have equal ids on every hub."""
        return _digest(self) if self.requirements else _plain_lane_id(self.job_type)


@lru_cache(1_000)
def _plain_lane_id(job_type: str) -> str:
    return _digest(Lane(job_type))


class Profile(msgspec.Struct, frozen=True):
    """What a worker offers; workers with equal offers share a profile."""

    job_types: list[str]
    capabilities: dict[str, Any]

    @property
    def profile_id(self) -> str:
        """Digest of the profile: equal offers have equal ids on every hub."""
        return _digest(self)


def make_lane(job_type: str, requirements: Requirements | None) -> Lane:
    """Build the lane of a job; empty requirements are none.

    Raises: InvalidInput: a value is not a number, string, boolean or non-empty list of those.
    """
    if requirements is None or not (requirements.must or requirements.must_not):
        return Lane(job_type)
    wanted: dict[str, Any] = {}
    for part in ("must", "must_not"):
        conditions = getattr(requirements, part)
        for key, value in conditions.items():
            _check_condition(f"requirements.{part}.{key}", value)
        if conditions:
            wanted[part] = dict(sorted(conditions.items()))
    if len(msgspec.json.encode(wanted)) > limits.REQUIREMENTS_BYTES:
        raise InvalidInput(f"over {limits.REQUIREMENTS_BYTES} bytes", field="requirements")
    return Lane(job_type, wanted)


def misfits(lane: Lane, profile: Profile) -> list[str]:
    """Say why a worker of `profile` cannot take the jobs of `lane`; an empty list means that it can."""
    reasons = []
    if lane.job_type not in profile.job_types:
        reasons.append(f"does not take {lane.job_type}")
    requirements = lane.requirements or {}
    for key, wanted in requirements.get("must", {}).items():
        known, offered = _look_up(profile.capabilities, key)
        if not known:
            reasons.append(f"must.{key}: the worker does not have it")
        elif not _holds(wanted, offered):
            reasons.append(f"must.{key}: wants {_show(wanted)}, has {_show(offered)}")
    for key, unwanted in requirements.get("must_not", {}).items():
        known, offered = _look_up(profile.capabilities, key)
        if known and _holds(unwanted, offered):
            reasons.append(f"must_not.{key}: has {_show(offered)}")
    return reasons


def fits(lane: Lane, profile: Profile) -> bool:
    """Whether a worker of `profile` can take the jobs of `lane`."""
    return not misfits(lane, profile)


def why_unworkable(lane: Lane, profiles: Mapping[str, Profile]) -> str | None:
    """Say why none of the connected `profiles` fits `lane`; None when one does."""
    if not profiles:
        return "no worker is connected"
    nearest: list[str] | None = None
    for profile in profiles.values():
        reasons = misfits(lane, profile)
        if not reasons:
            return None
        if nearest is None or len(reasons) < len(nearest):
            nearest = reasons
    takers = [profile for profile in profiles.values() if lane.job_type in profile.job_types]
    if not takers:
        return f"no connected worker takes {lane.job_type}"
    return f"no connected worker fits: {'; '.join(nearest or [])}"


def _holds(wanted: Any, offered: Any) -> bool:
    if isinstance(wanted, list):
        return all(_holds(item, offered) for item in wanted)
    if isinstance(offered, list):
        return any(_same(wanted, item) for item in offered)
    if _is_number(wanted) and _is_number(offered):
        return bool(offered >= wanted)
    return _same(wanted, offered)


def _same(wanted: Any, offered: Any) -> bool:
    """Equal, but `true` is not 1."""
    return isinstance(wanted, bool) == isinstance(offered, bool) and wanted == offered


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _look_up(capabilities: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    """Find a dotted key; a key that holds the dots itself wins."""
    if key in capabilities:
        return True, capabilities[key]
    head, _, rest = key.partition(".")
    inner = capabilities.get(head)
    if rest and isinstance(inner, Mapping):
        return _look_up(inner, rest)
    return False, None


def _check_condition(field: str, value: Any) -> None:
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, (str, int, float)) for item in items):
        raise InvalidInput("Expected a number, string, boolean or list of those", field=field)


def _show(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"


def _digest(value: Lane | Profile) -> str:
    return sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]
