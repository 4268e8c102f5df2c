"""What a monitor that resumes may be owed besides the events after its seq: found in the ring.

Its last hub held progress back for a while, refilled truncated lists every few seconds, and cut lists
short while more happened than the traffic budget paid for. All that ended with the connection. So the
progress of the last seconds is sent again (an older `rev` changes nothing), and so are lists from which
something went not long ago; every list, where the hub may have been in debt (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hub.event_log import COUNT_NAMES, LoggedEvent
from hub.list_tracker import list_of, window_of
from hub.replicator import Replicator
from hub.snapshot import LISTS
from hub.states import FINAL_STATUSES
from hub.traffic_budget import earned

_OWED_MS: Final = 7_000  # progress is never held back for so long
_OWED_EVENTS: Final = 1_000  # nor for so many events: a hub may read them late, but then at once
_HOLED_MS: Final = (
    15_000  # a hole is filled sooner, and a short list, once half of the budget is left over
)
_SAMPLE: Final = 50  # events between two looks at the counts: a list grows by no more in between


class Resumption(msgspec.Struct, frozen=True):
    """floor: up to where no progress is owed. holed: lists that may be shown with a hole."""

    floor: int
    holed: frozenset[str]


def find_resumption(replicator: Replicator, seq: int, polling_bytes: int) -> Resumption:
    """Find what is owed to a monitor that was sent everything up to `seq`, and has a snapshot before.

    Args: polling_bytes: one `stats_broadcast`; 0 when that is not known.
    """
    recent = replicator.before(seq, _HOLED_MS, _OWED_EVENTS)
    if not recent:
        return Resumption(seq, frozenset(LISTS))
    events = recent + (replicator.since(seq) or [])
    short = _told_bytes(recent) > earned(polling_bytes, _HOLED_MS / 1_000) / 2
    return Resumption(_floor(recent, seq), _holed(events, replicator.counts, short=short))


def _told_bytes(recent: Sequence[LoggedEvent]) -> int:
    from_at = recent[-1].event.timestamp - _HOLED_MS
    return sum(len(logged.raw) for logged in recent if logged.event.timestamp >= from_at)


def _floor(recent: Sequence[LoggedEvent], seq: int) -> int:
    from_at = recent[-1].event.timestamp - _OWED_MS
    owed = seq + 1
    for place, logged in enumerate(reversed(recent)):
        if place >= _OWED_EVENTS and logged.event.timestamp < from_at:
            break
        if logged.event.type == "job_progress":
            owed = logged.seq
    return owed - 1


def _holed(events: Sequence[LoggedEvent], counts: Sequence[int], *, short: bool) -> frozenset[str]:
    """Name the lists that may lack rows. `short`: they may have been cut, however long they are."""
    left = {
        list_of(logged.event.old_status)
        for logged in events
        if logged.event.job is not None and logged.event.old_status is not None
    }
    sampled = [counts, *(logged.counts for logged in events[::_SAMPLE])]
    longest = dict(zip(COUNT_NAMES, map(max, zip(*sampled, strict=True)), strict=True))
    longest["active"] = longest["assigned"] + longest["in_progress"]
    if short:
        return frozenset(name for name in LISTS if longest[name])
    return frozenset(
        name for name in left if name in FINAL_STATUSES or longest[name] + _SAMPLE > window_of(name)
    )
