"""Reads figures of the past; the scripts wrote them, nothing is counted here.

Rows stand at the steps of hub.steps. A bucket that is not over yet is read too, as far as it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from hub.figures import CountsRow, ErrorKind, Figures, FiguresRow, add_row, figures_of, figures_row
from hub.redis_service import RedisService
from hub.steps import HOURS, QUARTERS, STEPS, Step, cover, stored_step

GroupBy = Literal["all", "job_type", "worker"]

ALL: Final = "all"
BUCKETS_MAX: Final = 20_000  # in one answer, of all its groups

_KINDS: Final[dict[GroupBy, str]] = {"job_type": "type", "worker": "worker"}
_DECODER: Final = msgspec.json.Decoder(dict[str, int])
# Leaves out histograms, most of a row; what it makes is a dict, too.
_COUNTS_DECODER: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(CountsRow)
Row = Mapping[str, int]
Decode = Callable[[bytes], Row]
_CHUNK: Final = 2_000  # buckets a round trip


_NEVER_S: Final = 1 << 62


class Closed(msgspec.Struct, frozen=True):
    """How far figures are complete, Unix seconds: all before `until_s`, rows of hours from `hours_s` on."""

    until_s: int
    hours_s: int


class Bucket(msgspec.Struct, frozen=True):
    """A bucket of one group; `partial`: not over yet. `start_s` is Unix seconds."""

    start_s: int
    step_s: int
    figures: Figures
    partial: bool


class MetricsReader:
    """Walks buckets in order of time; memory does not grow with the range."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def closed_until(self) -> int:
        """The Unix second up to which figures are complete. Redis: HMGET."""
        return self._closed().until_s

    def _closed(self) -> Closed:
        closing = self._service.keys.key("closing")
        closed, hours = self._service.redis.hmget(closing, "closed", "hours")
        return Closed(int(closed or 0) + 1, _NEVER_S if hours is None else int(hours))

    def buckets(
        self, step_s: int, from_s: int, to_s: int, group: str = ALL, *, timed: bool = True
    ) -> Iterator[Bucket]:
        """Give each bucket with figures that starts in [from_s, to_s), widened to whole buckets.

        Args:  step_s: a multiple of a stored step. from_s, to_s: Unix seconds.
               timed: whether histograms and errors are wanted; counts alone come several times as fast.
        Redis: read_figures.lua for every 2,000 stored buckets; a bucket is never read half sealed.
        """
        closed, first_s = self._closed(), from_s - from_s % step_s
        decode: Decode = _DECODER.decode if timed else _COUNTS_DECODER.decode
        start_s, total = None, dict[str, int]()
        for at, row in self._stored(stored_step(step_s), first_s, to_s, group, closed, decode):
            if start_s != at - at % step_s:
                if start_s is not None:
                    yield _bucket(start_s, step_s, total, closed.until_s)
                start_s, total = at - at % step_s, {}
            add_row(total, row)
        if start_s is not None:
            yield _bucket(start_s, step_s, total, closed.until_s)

    def total(self, from_s: int, to_s: int, group: str = ALL) -> Figures:
        """Add a range up: days inside, and at its edges the narrowest buckets that are kept of it.

        Redis: read_figures.lua, a few hundred rows whatever the range.
        """
        total: dict[str, int] = {}
        closed = self._closed()
        for step, first, last in cover(from_s, to_s, closed.until_s):
            for _, row in self._stored(step, first, last, group, closed, _DECODER.decode):
                add_row(total, row)
        return figures_of(total)

    def groups(self, by: GroupBy, from_s: int) -> list[str]:
        """List the groups of a kind that had figures since `from_s`. Redis: ZRANGEBYSCORE."""
        if by == "all":
            return [ALL]
        key = self._service.keys.of("groups", _KINDS[by])
        names = self._service.redis.zrangebyscore(key, from_s, "+inf")
        return sorted(f"{_KINDS[by]}:{name.decode()}" for name in names)

    def errors(self, from_s: int, to_s: int, group: str, limit: int) -> list[ErrorKind]:
        """The kinds of errors of a range, most frequent first; forgotten ones have no words any more."""
        counted = self.total(from_s, to_s, group).errors.most_common(limit)
        if not counted:
            return []
        keys, fingerprints = self._service.keys, [fingerprint for fingerprint, _ in counted]
        words = self._service.redis.hmget(keys.key("errors"), fingerprints)
        seen = self._service.redis.zmscore(keys.key("errors_seen"), fingerprints)
        return [
            _error_kind(fingerprint, count, raw, last_at)
            for (fingerprint, count), raw, last_at in zip(counted, words, seen, strict=True)
        ]

    def rows(
        self, step_s: int, from_s: int, to_s: int, groups: Sequence[str] = (ALL,)
    ) -> Iterator[FiguresRow]:
        """Describe buckets as metrics.csv shows them, group by group."""
        for group in groups:
            for bucket in self.buckets(step_s, from_s, to_s, group):
                yield figures_row(bucket.start_s, step_s, group, bucket.figures)

    def _stored(
        self, step: Step, first: int, to_s: int, group: str, closed: Closed, decode: Decode
    ) -> Iterator[tuple[int, Row]]:
        """Give the starts and rows of stored buckets; quarters stand for hours that have no whole row."""
        if step == HOURS and first < closed.hours_s:
            whole_hours_s = -(-to_s // step.step_s) * step.step_s
            quarters_to_s = min(whole_hours_s, closed.hours_s)
            yield from self._read(QUARTERS, first, quarters_to_s, group, decode)
            first = quarters_to_s
        yield from self._read(step, first, to_s, group, decode)

    def _read(
        self, step: Step, first: int, to_s: int, group: str, decode: Decode
    ) -> Iterator[tuple[int, Row]]:
        """Give the starts and rows of one width: sealed ones, and last the one that is open."""
        inner = [other.step_s for other in STEPS[1 : STEPS.index(step) + 1]]
        for start in range(first, to_s, _CHUNK * step.step_s):
            _, sealed, opened = self._service.run(
                "read_figures",
                group=group,
                step_s=step.step_s,
                shard_s=step.shard_s,
                first=start,
                to=min(to_s, start + _CHUNK * step.step_s),
                inner=msgspec.json.encode(inner),
            )
            for at, row in zip(sealed[::2], sealed[1::2], strict=True):
                yield int(at), decode(row)
            if len(opened) > 1:
                yield int(opened[0]), _summed(opened[1:])


def _error_kind(
    fingerprint: str, count: int, raw: bytes | None, last_at: float | None
) -> ErrorKind:
    words = {} if raw is None else msgspec.json.decode(raw, type=dict[str, Any])
    last = None if last_at is None else int(last_at)
    return ErrorKind(fingerprint=fingerprint, count=count, last_at=last, **words)


def _bucket(start_s: int, step_s: int, row: Mapping[str, int], closed_s: int) -> Bucket:
    return Bucket(start_s, step_s, figures_of(row), start_s + step_s > closed_s)


def _summed(flat: Sequence[bytes]) -> dict[str, int]:
    """Add up figures of nested open buckets."""
    row: dict[str, int] = {}
    for name, count in zip(flat[::2], flat[1::2], strict=True):
        add_row(row, {name.decode(): int(count)})
    return row
