"""Snapshots for monitors that arrive: a thousand at once cost one read and one frame a subscription.

A snapshot is used again for half a second; events bring it up to date. Filters look deeper into the
lists than a window, so they share a second, deeper snapshot.
"""

from __future__ import annotations

import threading
import time
from typing import Final

import msgspec

from hub.errors import Unavailable
from hub.monitor_view import view
from hub.snapshot import Snapshot, SnapshotReader
from hub.subscription import Subscription
from hub.ws.connection import frame

_REUSED_S: Final = 0.5
_PREPARED_MAX: Final = 16  # different subscriptions; more are prepared each time
_WAIT_S: Final = 10.0  # as long as Redis may take to answer


class Prepared(msgspec.Struct, frozen=True):
    """What one subscription shows of a snapshot, and the frame that carries it."""

    snapshot: Snapshot
    framed: bytes


class _Read:
    """One read of Redis that several may wait for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.started_at = time.monotonic()
        self.snapshot: Snapshot | None = None
        self.prepared: dict[bytes, Prepared] = {}

    @property
    def usable(self) -> bool:
        if self.done.is_set() and self.snapshot is None:
            return False
        return time.monotonic() - self.started_at <= (_REUSED_S if self.done.is_set() else _WAIT_S)


class SnapshotCache:
    """Reads, filters and frames snapshots once for everybody."""

    def __init__(self, reader: SnapshotReader) -> None:
        self._reader = reader
        self._reads: dict[bool, _Read] = {}
        self.reads = 0

    def get(self, subscription: Subscription, at_least: int = 0) -> Prepared:
        """Prepare a snapshot, at most half a second old.

        Args:   at_least: a seq of this epoch; a snapshot before it is read again.
        Raises: Unavailable, redis.RedisError: none can be had now.
        """
        read, snapshot = self._read(not subscription.filter.all, at_least)
        found = read.prepared.get(subscription.key)
        if found is None:
            shown = view(snapshot, subscription)
            framed = frame(b'{"type":"full_state_snapshot",' + shown.document()[1:])
            found = Prepared(shown, framed)
            if len(read.prepared) < _PREPARED_MAX:
                read.prepared[subscription.key] = found
        return found

    def clear(self) -> None:
        """Forget what was read: it is of another epoch."""
        self._reads = {}

    def _read(self, deep: bool, at_least: int) -> tuple[_Read, Snapshot]:
        read = self._reads.get(deep)
        if read is None or not read.usable or _result(read).seq < at_least:
            read = self._reads[deep] = _Read()
            self.reads += 1
            try:
                read.snapshot = self._reader.read(deep=deep)
            finally:
                read.done.set()
        return read, _result(read)


def _result(read: _Read) -> Snapshot:
    if not read.done.wait(_WAIT_S) or read.snapshot is None:
        raise Unavailable("no snapshot could be read")
    return read.snapshot
