"""Who did what: the log of operators' actions, kept in Redis, the newest 10,000.

The scripts that change jobs, queues and workers write it themselves; `AuditLog.record` is for what
happens elsewhere (tokens, marks). Each entry is also told as `operator_action`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hub.errors import InvalidInput
from hub.redis_service import RedisService

_PAGE: Final = 500  # entries a round trip of `iterate`


class AuditPage(msgspec.Struct, frozen=True):
    """Entries newest first as JSON, and the cursor of the next page; None after the last.

    An entry is `{at, audit_id, actor, action, ...}`; one on jobs has `count` and up to 20 `job_ids`,
    one on a worker `worker_id`, on a queue or promise
    `job_type`, on a mark, token or user `name`.
    """

    rows: list[msgspec.Raw]
    cursor: str | None


class AuditLog:
    """Reads and writes the log of one namespace."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def record(self, actor: str, action: str, **detail: Any) -> None:
        """Note an action that no job or worker script makes. Redis: note_action.lua, atomic."""
        members = b"," + msgspec.json.encode(detail)[1:-1] if detail else b""
        self._service.run("note_action", actor=actor, action=action, members=members)

    def read(self, *, limit: int, cursor: str | None = None) -> AuditPage:
        """Read one page; entries written meanwhile neither repeat nor hide others.

        Raises: InvalidInput: the cursor is not one that this hub gave.
        Redis:  one transaction, O(limit + entries before the page).
        """
        keys = self._service.keys
        if cursor is not None and not (cursor.isascii() and cursor.isdigit()):
            raise InvalidInput("not a cursor of this hub", field="cursor")
        newest = int(self._service.redis.hget(keys.meta, "audits") or 0)
        # Ids are contiguous, so an entry's place is how many are newer; those of now only push it down.
        start = 0 if cursor is None else max(0, newest - int(cursor) + 1)
        rows = self._service.redis.lrange(keys.key("audit"), start, start + limit)
        more = len(rows) > limit
        rows = rows[:limit]
        last = msgspec.json.decode(rows[-1])["audit_id"] if more else None
        return AuditPage([msgspec.Raw(row) for row in rows], None if last is None else str(last))

    def iterate(self) -> Iterator[dict[str, Any]]:
        """Give every entry that is kept, newest first, reading as they are taken."""
        cursor = None
        while True:
            page = self.read(limit=_PAGE, cursor=cursor)
            for row in page.rows:
                yield msgspec.json.decode(row)
            if page.cursor is None:
                return
            cursor = page.cursor
