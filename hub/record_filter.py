"""Which records a monitor wants: its filters, made ready for a look at every event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hub.event_log import Facts
from hub.messages import Filters

EVERYTHING: Final = Filters()


class RecordFilter:
    """Tells whether a record passes. Costs the same for one name and for a thousand."""

    def __init__(self, filters: Filters = EVERYTHING) -> None:
        self.all = filters == EVERYTHING
        self._job_types = None if filters.job_types is None else frozenset(filters.job_types)
        self._worker_ids = None if filters.worker_ids is None else frozenset(filters.worker_ids)
        self._range = filters.priority_range

    def job(self, facts: Facts | RowFacts) -> bool:
        """Whether a job passes; one that no worker has passes only without `worker_ids`."""
        if self._job_types is not None and facts.job_type not in self._job_types:
            return False
        if self._worker_ids is not None and facts.worker_id not in self._worker_ids:
            return False
        if self._range is not None:
            low, high = self._range
            return facts.priority is not None and low <= facts.priority <= high
        return True

    def worker(self, worker_id: str | None) -> bool:
        """Whether a worker passes: only `worker_ids` counts."""
        return self._worker_ids is None or worker_id in self._worker_ids

    def queue(self, job_type: str | None) -> bool:
        """Whether a queue passes: only `job_types` counts."""
        return self._job_types is None or job_type in self._job_types

    def job_rows(self, rows: Sequence[msgspec.Raw]) -> list[msgspec.Raw]:
        """Keep the jobs that pass, in their order."""
        decode = _JOB_ROW.decode
        return [row for row in rows if self.job(decode(row))]

    def worker_rows(self, rows: Sequence[msgspec.Raw]) -> list[msgspec.Raw]:
        """Keep the workers that pass, in their order."""
        decode = _WORKER_ROW.decode
        return [row for row in rows if self.worker(decode(row).worker_id)]


def canonical(filters: Filters) -> Filters:
    """Write equal filters in one way, so that monitors that ask for the same share their frames."""
    return Filters(
        job_types=None if filters.job_types is None else sorted(set(filters.job_types)),
        worker_ids=None if filters.worker_ids is None else sorted(set(filters.worker_ids)),
        priority_range=filters.priority_range,
    )


class RowFacts(msgspec.Struct, frozen=True):
    """What filtering looks at in a stored job."""

    job_type: str
    priority: float
    worker_id: str | None = None


class _WorkerFacts(msgspec.Struct, frozen=True):
    worker_id: str


_JOB_ROW: Final = msgspec.json.Decoder(RowFacts)
_WORKER_ROW: Final = msgspec.json.Decoder(_WorkerFacts)
