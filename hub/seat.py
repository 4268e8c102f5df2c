"""A monitor's place in its group: how far it was served, and what it is owed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from hub.snapshot import Snapshot

STALLED_S: Final = 2.0  # a monitor that takes nothing for so long is closed
SNAPSHOT_STALLED_S: Final = 30.0
BACKLOG_BYTES: Final = 1_048_576


class Peer(Protocol):
    """The connection of a monitor, as far as a group uses it."""

    id: str

    @property
    def backlog_bytes(self) -> int:
        """What waits to be taken."""

    @property
    def stalled_s(self) -> float:
        """Seconds since the peer last took anything of what waits."""

    @property
    def patience_s(self) -> float:
        """How long a link as slow as this one may take nothing and still be alive."""

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""

    def send_frame(self, framed: bytes) -> None:
        """Queue framed bytes."""

    def offer_frame(self, framed: bytes) -> bool:
        """Queue framed bytes unless something waits already; False when it does."""


class Monitor:
    """A subscribed connection.

    cursor: the seq of the last frame sent to it; not kept while it is in step with its group. floor: up
    to where no progress is owed to it. missed: lists whose last `window` it was not sent. shown: the
    snapshot that it begins with; None when it resumes. short: the truncated lists that it shows with fewer
    rows than a window has, as it says when it resumes; None: it is not known.
    """

    __slots__ = (
        "cursor",
        "floor",
        "missed",
        "peer",
        "short",
        "shown",
        "snapshot_waits",
        "told_counts",
    )

    def __init__(
        self,
        peer: Peer,
        cursor: int,
        shown: Snapshot | None,
        short: frozenset[str] | None = None,
    ) -> None:
        self.peer = peer
        self.cursor = cursor
        self.floor = cursor
        self.shown = shown
        self.short = short
        self.missed: set[str] = set()
        self.told_counts: Sequence[int] | None = None
        self.snapshot_waits = shown is not None
        if shown is not None:
            self.told_counts = tuple(shown.counts.values())

    @property
    def too_slow(self) -> bool:
        """Whether it has taken nothing for longer than a monitor may, or far too little."""
        backlog_bytes = self.peer.backlog_bytes
        self.snapshot_waits = self.snapshot_waits and backlog_bytes > 0
        if self.snapshot_waits:
            return self.peer.stalled_s > SNAPSHOT_STALLED_S
        late = self.peer.stalled_s > max(STALLED_S, self.peer.patience_s)
        return late or backlog_bytes > BACKLOG_BYTES
