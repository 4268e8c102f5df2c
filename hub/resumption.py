"""What a monitor that resumes may be owed besides the events after its seq: found in the ring.

Its last hub held progress back for a while, refilled truncated lists every few seconds, and cut lists
short while more happened than the traffic budget paid for. All that ended with the connection. So the
progress of the last seconds is sent again (an older `rev` changes nothing), and so are the lists that
lack rows: those that the monitor names, and those from which something went since. Of one that names
none, the lists from which something went not long ago, and every list where the hub may have been
in debt. That is a guess (docs/decisions/0005), too little for the compact form: a change may only be told
of a job that is shown, so there every list is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hub.event_log import LoggedEvent
from hub.list_tracker import length_of, lists_left, may_be_cut
from hub.replicator import Replicator
from hub.snapshot import LISTS
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


def find_resumption(
    replicator: Replicator, seq: int, short: frozenset[str] | None, form: str, polling_bytes: int
) -> Resumption:
    """Find what is owed to a monitor that was sent everything up to `seq`, and has a snapshot before.

    Args: short: the truncated lists that it shows with fewer rows than a window has, if it says so.
          polling_bytes: one `stats_broadcast`; 0 when that is not known.
    """
    recent = replicator.before(seq, _HOLED_MS, _OWED_EVENTS)
    floor = _floor(recent, seq) if recent else seq
    since = replicator.since(seq) or []
    if short is not None:
        return Resumption(floor, short | _holed(since, replicator.counts))
    if not recent or form == "compact":
        return Resumption(floor, frozenset(LISTS))
    in_debt = _told_bytes(recent) > earned(polling_bytes, _HOLED_MS / 1_000) / 2
    return Resumption(floor, _holed(recent + since, replicator.counts, in_debt=in_debt))


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


def _holed(
    events: Sequence[LoggedEvent], counts: Sequence[int], *, in_debt: bool = False
) -> frozenset[str]:
    """Name the lists that may lack rows. `in_debt`: they may have been cut, however long they are."""
    sampled = [counts, *(logged.counts for logged in events[::_SAMPLE])]
    most = list(map(max, zip(*sampled, strict=True)))
    if in_debt:
        return frozenset(name for name in LISTS if length_of(name, most))
    return frozenset(name for name in lists_left(events) if may_be_cut(name, most, within=_SAMPLE))
