"""The fall-back of the plan: the whole state pushed every two seconds, to monitors that ask for it.

Behind JOBHUB_STATS_BROADCAST; docs/operations.md says when. One read and one frame serve everybody.
A monitor that has not taken the last push misses this one, and is closed like any other slow monitor.
"""

from __future__ import annotations

from hub.monitor_desk import MonitorDesk
from hub.seat import SNAPSHOT_STALLED_S
from hub.snapshot import SnapshotReader
from hub.traffic_budget import POLL_EVERY_S
from hub.ws.connection import Connection, frame


class Polling:
    """The monitors with `transport: polling`."""

    def __init__(self, snapshots: SnapshotReader, desk: MonitorDesk, *, enabled: bool) -> None:
        self._snapshots = snapshots
        self._desk = desk
        self._connections: dict[str, Connection] = {}
        self._pushed_at = 0.0
        self.enabled = enabled

    def __len__(self) -> int:
        return len(self._connections)

    def sit(self, connection: Connection) -> None:
        """Push to a connection from now on; the first time at once."""
        self._connections[connection.id] = connection
        self._pushed_at = 0.0

    def leave(self, connection: Connection) -> None:
        """Push to it no more."""
        self._connections.pop(connection.id, None)

    def tick(self, now: float) -> None:
        """Have the state pushed when two seconds are over; a push that comes late does not delay the next."""
        late_s = now - self._pushed_at - POLL_EVERY_S
        if self._connections and late_s >= 0:
            self._pushed_at = now if late_s > POLL_EVERY_S else now - late_s
            self._desk.want(self._push)

    def too_slow(self) -> list[Connection]:
        """Those that have taken nothing for as long as a snapshot may need."""
        return [
            connection
            for connection in self._connections.values()
            if connection.stalled_s > SNAPSHOT_STALLED_S
        ]

    def _push(self) -> None:
        """Read the state and send it. Redis: read_snapshot.lua, one round trip."""
        snapshot = self._snapshots.read()
        framed = frame(
            b'{"type":"stats_broadcast","timestamp":%d,"data":' % snapshot.timestamp
            + snapshot.broadcast()
            + b"}"
        )
        for connection in list(self._connections.values()):
            if not connection.backlog_bytes:
                connection.send_frame(framed)
