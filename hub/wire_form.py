"""How a group's frames are written: the plain form of the contract, or the compact one (docs/protocol.md).

Both say the same. The plain form is for whoever reads it without a library: every event carries its whole
record. The compact form, which a monitor asks for, leaves out what the monitor has already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import msgspec

from hub.event_log import COUNT_NAMES, LoggedEvent
from hub.refresh import Refresh
from hub.snapshot import ListWindow, Rows
from hub.subscription import counts_json, events_message, window_message

Counts = Sequence[int] | None

_BLANK: Final = Rows([], True)
_READ: Final = msgspec.json.Decoder(dict[str, Any])


class WireForm(Protocol):
    """Writes messages. `known`: the counts that the receiver was told last."""

    def events(
        self,
        epoch: str,
        prev: int,
        seq: int,
        events: Sequence[LoggedEvent],
        counts: Counts,
        known: Counts,
    ) -> bytes:
        """Write an `events` message."""

    def refresh(
        self,
        prev: int,
        refresh: Refresh,
        lists: Sequence[str],
        events: Sequence[LoggedEvent],
        counts: Counts,
    ) -> list[bytes]:
        """Write the messages that lead from `prev` to the refresh, each of them true at its seq."""


class PlainForm:
    """The contract's form."""

    def events(
        self,
        epoch: str,
        prev: int,
        seq: int,
        events: Sequence[LoggedEvent],
        counts: Counts,
        known: Counts,
    ) -> bytes:
        """Write whole events, and all counts where any changed."""
        return events_message(epoch, prev, seq, events, None if counts == known else counts)

    def refresh(
        self,
        prev: int,
        refresh: Refresh,
        lists: Sequence[str],
        events: Sequence[LoggedEvent],
        counts: Counts,
    ) -> list[bytes]:
        """Shorten the lists to nothing, which is a true head; move on; bring their rows."""
        epoch, seq = refresh.epoch, refresh.seq
        blank = ListWindow(epoch, prev, _BLANK)
        return [
            *(window_message(prev, name, blank) for name in lists),
            events_message(epoch, prev, seq, events, counts),
            *(
                window_message(seq, name, ListWindow(epoch, seq, refresh.lists[name]))
                for name in lists
            ),
        ]


class CompactForm:
    """Rows of progress, changed counts and figures that are not zero; `epoch` is the snapshot's."""

    def events(
        self,
        epoch: str,
        prev: int,
        seq: int,
        events: Sequence[LoggedEvent],
        counts: Counts,
        known: Counts,
    ) -> bytes:
        """Write what the receiver does not have yet."""
        return _compact_head(prev, seq, counts, known) + _compact_events(seq, events) + b"}"

    def refresh(
        self,
        prev: int,
        refresh: Refresh,
        lists: Sequence[str],
        events: Sequence[LoggedEvent],
        counts: Counts,
    ) -> list[bytes]:
        """Write one message: events, then `lists` whole."""
        rows = msgspec.json.encode({name: refresh.lists[name] for name in lists})
        head = _compact_head(prev, refresh.seq, counts, None)
        told = _compact_events(refresh.seq, events)
        return [head + told + b',"lists":' + rows + b"}"]


def _compact_head(prev: int, seq: int, counts: Counts, known: Counts) -> bytes:
    head = b'{"type":"events","prev":%d,"seq":%d' % (prev, seq)
    if counts is None or counts == known:
        return head
    if known is None:
        return head + b',"counts":' + counts_json(counts)
    changed = {
        name: count
        for name, count, before in zip(COUNT_NAMES, counts, known, strict=True)
        if count != before
    }
    return head + b',"counts":' + msgspec.json.encode(changed)


def _compact_events(seq: int, events: Iterable[LoggedEvent]) -> bytes:
    told: list[bytes] = []
    running: list[Any] = []
    for logged in events:
        if logged.event.type == "job_progress":
            running.append(_READ.decode(logged.raw))
        elif logged.event.type == "system_stats":
            told.append(_compact_stats(logged, early=logged.seq > seq))
        else:
            told.append(logged.raw)
    written = b',"events":[' + b",".join(told) + b"]" if told or not running else b""
    if not running:
        return written
    at = max(event["timestamp"] for event in running)
    rows = [_progress_row(event, at) for event in running]
    return written + b',"at":%d,"progress":' % at + msgspec.json.encode(rows)


def _progress_row(event: dict[str, Any], at: int) -> list[Any]:
    """`[job_id, rev, percent, age_ms, more?]`."""
    percent = event["percent"]
    row = [
        event["job_id"],
        event["rev"],
        int(percent) if percent == int(percent) else percent,
        at - event["timestamp"],
    ]
    more = {
        name: event[name]
        for name in ("message", "current_step", "of_steps", "eta_ms")
        if name in event
    }
    return [*row, more] if more else row


def _compact_stats(logged: LoggedEvent, *, early: bool) -> bytes:
    """A closed second without what is zero, null or empty; counts only where they run ahead."""
    told = {name: value for name, value in _READ.decode(logged.raw).items() if value}
    if not early:
        told.pop("counts", None)
    return msgspec.json.encode(told)


FORMS: Final[dict[str, WireForm]] = {"plain": PlainForm(), "compact": CompactForm()}
