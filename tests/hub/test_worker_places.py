"""A worker's places are counted right, whatever is heard first."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from hub.job_broker import Assignment
from hub.ws.worker import WorkerHandler


class _Socket:
    id, backlog_bytes = "socket", 0

    def send(self, message: bytes) -> None:
        """Take it."""


def _grant(job_id: str) -> Assignment:
    return Assignment(job_id, 1, 1, 60.0, msgspec.Raw(b"{}"), msgspec.Raw(b"null"))


def test_grant_takes_one_place_when_its_event_is_heard_before_its_answer() -> None:
    none = cast(Any, None)
    handler = WorkerHandler(cast(Any, _Socket()), none, none, none, lease_ms=1, heartbeat_ms=1)
    handler._places = 3
    handler.assign([_grant("a")])
    assert handler.free == 2
    handler.told, handler.holding = frozenset({"a", "b"}), 2  # what the dispatcher hears of it
    handler.assign([_grant("b")])
    assert handler.free == 1
