"""Reads jobs: one whole, pages and streams of those that pass a filter, history and log. Changes nothing."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from hub.errors import NotFound
from hub.job_filter import Facts, JobFilter, Place, Sorting
from hub.job_indexes import Index, narrow_indexes, ordered_indexes
from hub.records import Job
from hub.redis_service import RedisService

PAGE_READS: Final = 2_000  # records that a page may read, or an index hold to be sorted: 15 ms
_CHUNK: Final = 500  # records a round trip: Redis serves nobody else for about 1 ms


class JobPage(msgspec.Struct, frozen=True):
    """Small records as JSON, and where the next page starts; None after the last."""

    rows: list[bytes]
    cursor: str | None


class _Row(msgspec.Struct, frozen=True):
    place: Place
    facts: Facts
    record: bytes


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
    """Lists and looks up jobs of one namespace.

    Two ways lead to a page. Where some index holds no more than `sortable` jobs that could match, all of them
    are read and sorted. Otherwise the index of the order asked for is walked from the cursor on, and a
    page may come back short, with a cursor, rather than read more than 2,000 records. A cursor is a place
    in that order, not a job: it neither skips nor repeats whatever comes, goes or moves meanwhile. It
    belongs to its order and filter: with others it still is a place, only not where the reader was.
    """

    def __init__(self, service: RedisService, *, sortable: int = PAGE_READS) -> None:
        self._service = service
        self._sortable = sortable

    def page(
        self,
        wanted: JobFilter,
        sorting: Sorting,
        *,
        limit: int,
        cursor: str | None = None,
        reads: int = PAGE_READS,
    ) -> JobPage:
        """List the jobs that pass `wanted`, at most `limit`, after reading at most `reads` records.

        Raises: InvalidInput: the cursor is not one.
        Redis:  a few round trips, O(reads + log n).
        """
        after = None if cursor is None else Place.at(cursor)
        rows = self._gather(wanted, sorting, after)
        if rows is None:
            rows = islice(self._walk(wanted, sorting, after, min(_CHUNK, limit + 1)), reads)
        found: list[_Row] = []
        examined = 0
        for examined, row in enumerate(rows, 1):  # noqa: B007 - counts what was read
            if wanted.matches(row.facts):
                if len(found) == limit:
                    return _page(found, found[-1].place)
                found.append(row)
        return _page(found, row.place if examined >= reads else None)

    def iterate(self, wanted: JobFilter, sorting: Sorting) -> Iterator[bytes]:
        """Walk the small records of all jobs that pass, in chunks: memory does not grow with them."""
        rows = self._gather(wanted, sorting, None)
        for row in self._walk(wanted, sorting, None, _CHUNK) if rows is None else rows:
            if wanted.matches(row.facts):
                yield row.record

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

    def _require(self, job_id: str) -> None:
        if not self._service.redis.exists(self._service.keys.of("job", job_id)):
            raise NotFound(f"no job {job_id}", field="job_id")

    def _gather(
        self, wanted: JobFilter, sorting: Sorting, after: Place | None
    ) -> Iterable[_Row] | None:
        """Read the smallest indexes that hold every match, and sort them; None when a walk reads less."""
        choices = narrow_indexes(wanted)
        if not choices:
            return None
        *sizes, in_order = self._count([*choices, ordered_indexes(wanted, sorting)])
        if in_order <= min(sizes) or min(sizes) > self._sortable:
            return None  # the index in order is as narrow as any, or there is too much to sort
        found: dict[str, _Row] = {}
        for index in choices[sizes.index(min(sizes))]:
            for record in self._read_whole(index):
                row = _row(record, sorting)
                if row is not None:
                    found[row.facts.job_id] = row
        if len(found) > self._sortable:
            return None  # it grew meanwhile
        rows = sorted(found.values(), key=lambda row: row.place, reverse=sorting.reverse)
        if after is None:
            return rows
        if sorting.reverse:
            return [row for row in rows if row.place < after]
        return [row for row in rows if row.place > after]

    def _count(self, choices: list[list[Index]]) -> list[int]:
        with self._service.redis.pipeline(transaction=False) as pipe:
            for indexes in choices:
                for index in indexes:
                    index.count(self._service.keys, pipe)
            counts = iter(pipe.execute())
        return [sum(next(counts) for _ in indexes) for indexes in choices]

    def _read_whole(self, index: Index) -> list[bytes]:
        """Read the records of a small index; one more than `sortable` tells that it is small no longer."""
        if index.prefix:
            ids = self._service.redis.zrangebylex(
                index.key(self._service.keys), *index.lex_range, start=0, num=self._sortable + 1
            )
            records = self.records([job_id.decode() for job_id in ids])
        else:
            _, records = self._read(index, None, False, self._sortable + 1)
        return [record for record in records if record is not None]

    def _walk(
        self, wanted: JobFilter, sorting: Sorting, after: Place | None, chunk: int
    ) -> Iterator[_Row]:
        """Give the jobs of the order asked for, one index or several merged, from `after` on."""
        walks = [
            self._walk_index(index, sorting, after, chunk)
            for index in ordered_indexes(wanted, sorting)
        ]
        return heapq.merge(*walks, key=lambda row: row.place, reverse=sorting.reverse)

    def _walk_index(
        self, index: Index, sorting: Sorting, after: Place | None, chunk: int
    ) -> Iterator[_Row]:
        while True:
            places, records = self._read(index, after, sorting.reverse, chunk)
            for place, record in zip(places, records, strict=True):
                after = place
                if record is not None:
                    yield _Row(place, msgspec.json.decode(record, type=Facts), record)
            if len(places) < chunk:
                return
            chunk = _CHUNK

    def _read(
        self, index: Index, after: Place | None, reverse: bool, count: int
    ) -> tuple[list[Place], list[bytes | None]]:
        flat, records = self._service.run(
            "read_index",
            index=index.name,
            of=index.of,
            low=index.low,
            high=index.high,
            score="" if after is None else after.score,
            member="" if after is None else after.member,
            newest="1" if reverse else "0",
            count=count,
        )
        places = [
            Place(int(score), member.decode())
            for member, score in zip(flat[::2], flat[1::2], strict=True)
        ]
        return places, records


def _row(record: bytes, sorting: Sorting) -> _Row | None:
    facts = msgspec.json.decode(record, type=Facts)
    place = sorting.place(facts)
    return None if place is None else _Row(place, facts, record)


def _page(found: list[_Row], after: Place | None) -> JobPage:
    return JobPage([row.record for row in found], None if after is None else after.cursor)
