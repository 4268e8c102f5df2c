"""Reads jobs: one whole, a list by state, its history and log. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from hub.errors import InvalidInput, NotFound
from hub.records import Job
from hub.redis_service import RedisService
from hub.states import ACTIVE_STATUSES, FINAL_STATUSES, JOB_STATUSES, JobStatus

_CHUNK: Final = 500  # records a round trip of an export: 500 x 1 kB


class JobPage(msgspec.Struct, frozen=True):
    """Small records as JSON, and where the next page starts; None after the last."""

    rows: list[bytes]
    cursor: str | None


def read_job(service: RedisService, job_id: str) -> Job:
    """Read one job with its payload, result and traceback.

    Raises: NotFound. Redis: HMGET.
    """
    record, payload, result, traceback = service.redis.hmget(
        service.keys.of("job", job_id), ["rec", "payload", "result", "traceback"]
    )
    if record is None:
        raise NotFound(f"no job {job_id}", field="job_id")
    job = msgspec.json.decode(record, type=Job)
    error = job.error
    if error is not None and traceback:
        error = msgspec.structs.replace(error, traceback=traceback.decode())
    return msgspec.structs.replace(
        job,
        payload=msgspec.Raw(payload),
        result=None if result is None else msgspec.Raw(result),
        error=error,
    )


class JobReader:
    """Lists and looks up jobs of one namespace."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def list_jobs(self, status: JobStatus, *, limit: int, cursor: str | None = None) -> JobPage:
        """List jobs of one state: waiting ones in their order, finished ones newest first.

        A cursor names the last row, so jobs that come and go meanwhile neither repeat nor hide others.

        Raises: InvalidInput: the cursor is not one that this hub gave.
        Redis:  two round trips, O(limit + log n).
        """
        key, newest_first = self._index(status)
        rows = self._after(key, cursor, limit + 1, newest_first)
        more = len(rows) > limit
        rows = rows[:limit]
        ids = [_job_id(member) for member, _ in rows]
        records = self.records(ids)
        wanted = [record for record in records if record is not None]
        if status in ACTIVE_STATUSES:
            wanted = [record for record in wanted if _has_status(record, status)]
        last = f"{_score_text(rows[-1][1])}|{rows[-1][0].decode()}" if more else None
        return JobPage(wanted, last)

    def list_page(
        self, status: JobStatus | None, *, limit: int, cursor: str | None = None
    ) -> JobPage:
        """List jobs of one state, or of all states one after the other.

        Raises: InvalidInput: the cursor is not one that this hub gave.
        """
        if status is not None:
            return self.list_jobs(status, limit=limit, cursor=cursor)
        at, _, inner = (cursor or f"{JOB_STATUSES[0]}~").partition("~")
        if at not in JOB_STATUSES:
            raise InvalidInput("not a cursor of this hub", field="cursor")
        rows: list[bytes] = []
        for place in range(JOB_STATUSES.index(at), len(JOB_STATUSES)):
            page = self.list_jobs(
                JOB_STATUSES[place], limit=limit - len(rows), cursor=inner or None
            )
            rows += page.rows
            inner = page.cursor or ""
            if inner:
                return JobPage(rows, f"{JOB_STATUSES[place]}~{inner}")
            if len(rows) >= limit and place + 1 < len(JOB_STATUSES):
                return JobPage(rows, f"{JOB_STATUSES[place + 1]}~")
        return JobPage(rows, None)

    def records(self, job_ids: list[str]) -> list[bytes | None]:
        """Read small records in the order of `job_ids`; None for a job that is gone."""
        if not job_ids:
            return []
        with self._service.redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(self._service.keys.of("job", job_id), "rec")
            return list(pipe.execute())

    def history(self, job_id: str) -> list[msgspec.Raw]:
        """Read the job's transitions, all runs, oldest first; the newest 200 are kept."""
        self._require(job_id)
        entries = self._service.redis.lrange(self._service.keys.of("history", job_id), 0, -1)
        return [msgspec.Raw(entry) for entry in entries]

    def log(self, job_id: str) -> list[str]:
        """Read the job's log lines, oldest first; the newest 1,000 are kept."""
        self._require(job_id)
        lines = self._service.redis.lrange(self._service.keys.of("log", job_id), 0, -1)
        return [line.decode() for line in lines]

    def position(self, job_id: str) -> int | None:
        """Count the pending jobs before this one; None when it is not pending.

        Raises: NotFound. Redis: two round trips, O(log pending).
        """
        job = read_job(self._service, job_id)
        if job.status != "pending":
            return None
        rank = self._service.redis.zrank(
            self._service.keys.key("pending"), f"{job.order_key}:{job_id}"
        )
        return rank if isinstance(rank, int) else None

    def iterate(self, statuses: list[JobStatus]) -> Iterator[Job]:
        """Walk all jobs of `statuses`, state by state, in bounded chunks: memory does not grow with them."""
        for status in statuses:
            cursor: str | None = None
            while True:
                page = self.list_jobs(status, limit=_CHUNK, cursor=cursor)
                for record in page.rows:
                    yield msgspec.json.decode(record, type=Job)
                cursor = page.cursor
                if cursor is None:
                    break

    def _require(self, job_id: str) -> None:
        if not self._service.redis.exists(self._service.keys.of("job", job_id)):
            raise NotFound(f"no job {job_id}", field="job_id")

    def _index(self, status: JobStatus) -> tuple[str, bool]:
        keys = self._service.keys
        if status in FINAL_STATUSES:
            return keys.of("finished", status), True
        if status in ACTIVE_STATUSES:
            return keys.key("active"), False
        return keys.key(status), False

    def _after(
        self, key: str, cursor: str | None, count: int, newest_first: bool
    ) -> list[tuple[bytes, float]]:
        """Read `count` members that come after the cursor, wherever its own row is by now."""
        redis = self._service.redis
        if cursor is None:
            return list(redis.zrange(key, 0, count - 1, desc=newest_first, withscores=True))
        score, last = _read_cursor(cursor)
        # Members with the cursor's own score sort by name: skip up to the last one given.
        skipped = [
            (member, score)
            for member in redis.zrangebyscore(key, score, score)
            if (member < last if newest_first else member > last)
        ]
        skipped.sort(reverse=newest_first)
        bounds = (f"({_score_text(score)}", "-inf" if newest_first else "+inf")
        rest = redis.zrange(
            key,
            bounds[0],
            bounds[1],
            byscore=True,
            desc=newest_first,
            offset=0,
            num=count,
            withscores=True,
        )
        return [*skipped, *rest][:count]


def _job_id(member: bytes) -> str:
    """Take the id off a member of `pending` ("order_key:job_id") or of any other index ("job_id")."""
    return member.decode().rpartition(":")[2]


def _score_text(score: float) -> str:
    return format(score, ".17g")


def _read_cursor(cursor: str) -> tuple[float, bytes]:
    score, _, member = cursor.partition("|")
    try:
        return float(score), member.encode()
    except ValueError:
        raise InvalidInput("not a cursor of this hub", field="cursor") from None


def _has_status(record: bytes, status: JobStatus) -> bool:
    return msgspec.json.decode(record, type=_Status).status == status


class _Status(msgspec.Struct):
    status: str
