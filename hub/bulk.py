"""One action on many jobs: what is refused is told beside what was done, job by job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hub import limits
from hub.answers import Action, Refused
from hub.errors import JobhubError
from hub.job_broker import JobBroker
from hub.job_filter import Facts, JobFilter, Sorting
from hub.job_reader import JobReader
from hub.records import Job
from hub.states import FINAL_STATUSES

_READS: Final = 20_000  # records that a call may read to find its jobs: 0.2 s
_NEWEST_FIRST: Final = Sorting("created_at", "desc")


class Targets(msgspec.Struct, frozen=True):
    """The jobs of a call; `cursor` is set when more may pass the filter."""

    job_ids: list[str]
    cursor: str | None


class BulkActions:
    """Applies an action to many jobs, some hundred a script: nobody waits, and no job waits for another.

    Args: at_once: how many jobs of a filter one call takes.
    """

    def __init__(
        self, broker: JobBroker, reader: JobReader, *, at_once: int = limits.BATCH_JOBS
    ) -> None:
        self._broker = broker
        self._reader = reader
        self._at_once = at_once

    def find(self, wanted: JobFilter, cursor: str | None) -> Targets:
        """Find the next jobs that pass a filter, newest first.

        Raises: InvalidInput: the cursor is not one of this hub.
        """
        page = self._reader.page(
            wanted, _NEWEST_FIRST, limit=self._at_once, cursor=cursor, reads=_READS
        )
        facts = [msgspec.json.decode(row, type=Facts) for row in page.rows]
        return Targets([job.job_id for job in facts], page.cursor)

    def apply(
        self, action: Action, job_ids: Sequence[str], *, actor: str, priority: int | None = None
    ) -> list[Refused]:
        """Do it; returns the jobs that were left as they are."""
        results: list[Job | JobhubError]
        if action == "cancel":
            results = self._broker.cancel_many(job_ids, actor=actor)
        elif action == "retry":
            results = self._broker.retry_many(job_ids, actor=actor)
        elif action == "purge":
            results = self._broker.purge_many(job_ids, actor=actor)
        else:
            results = self._broker.update_many(job_ids, actor=actor, priority=priority)
        return [
            Refused(job_id, result.code, result.message)
            for job_id, result in zip(job_ids, results, strict=True)
            if isinstance(result, JobhubError)
        ]

    def rehearse(
        self, action: Action, job_ids: Sequence[str], *, priority: int | None = None
    ) -> list[Refused]:
        """Tell which jobs `apply` would leave as they are now. Changes nothing."""
        refused = []
        records = self._reader.records(list(job_ids))
        for job_id, record in zip(job_ids, records, strict=True):
            if record is None:
                refused.append(Refused(job_id, "not_found", f"no job {job_id}"))
                continue
            code = _refusal(action, msgspec.json.decode(record, type=Facts), priority)
            if code is not None:
                refused.append(Refused(job_id, *code))
        return refused


def _refusal(action: Action, job: Facts, priority: int | None) -> tuple[str, str] | None:
    """What the scripts would answer; tests/hub/test_bulk.py holds it against them."""
    over = job.status in FINAL_STATUSES
    if action == "cancel":
        return ("job_final", f"the job is {job.status} already") if over else None
    if action in ("retry", "purge"):
        return None if over else ("job_live", f"the job is {job.status}; this needs a finished one")
    if job.status not in ("pending", "scheduled"):
        return (
            "job_not_waiting",
            f"the job is {job.status}; only a pending or scheduled one is changed",
        )
    if job.workflow_id is not None and priority != job.priority:
        return ("workflow_priority", f"workflow {job.workflow_id} fixes the priority of its jobs")
    return None
