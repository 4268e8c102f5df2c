"""Which jobs somebody asks for and in what order: the same words in listings, exports and bulk actions."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from hub.errors import InvalidInput
from hub.messages import Id, Inbound, Name, Priority, TimeMs
from hub.states import FINAL_STATUSES, JOB_STATUSES, JobStatus

Sort = Literal["created_at", "finished_at", "priority"]
Order = Literal["asc", "desc"]

# A place in an order, whole in the pattern, so that whatever a schema lets through is a cursor.
CURSOR_PATTERN: Final = r"^-?[0-9]{1,15}\.[A-Za-z0-9:]{1,100}$"


class JobFilter(Inbound, frozen=True, kw_only=True):
    """Jobs that pass every condition given. Times are Unix ms, `from` inclusive, `to` exclusive.

    `q` is the beginning of a job id, or exactly the type of a job's error.
    """

    status: Annotated[list[JobStatus], Meta(max_length=len(JOB_STATUSES))] = msgspec.field(
        default_factory=list
    )
    job_type: Id | None = None
    worker_id: Id | None = None
    workflow_id: Id | None = None
    customer_id: Id | None = None
    submitted_by: Id | None = None
    q: Name | None = None
    submitted_from: TimeMs | None = None
    submitted_to: TimeMs | None = None
    finished_from: TimeMs | None = None
    finished_to: TimeMs | None = None
    priority_min: Priority | None = None
    priority_max: Priority | None = None

    def matches(self, facts: Facts) -> bool:
        """Whether a job passes."""
        return (
            (not self.status or facts.status in self.status)
            and self.job_type in (None, facts.job_type)
            and self.worker_id in (None, facts.worker_id)
            and self.workflow_id in (None, facts.workflow_id)
            and self.customer_id in (None, facts.customer_id)
            and self.submitted_by in (None, facts.submitted_by)
            and (self.q is None or facts.job_id.startswith(self.q) or facts.error_type == self.q)
            and _within(facts.created_at, self.submitted_from, self.submitted_to)
            and _within(facts.finished_at, self.finished_from, self.finished_to)
            and (self.priority_min is None or facts.priority >= self.priority_min)
            and (self.priority_max is None or facts.priority <= self.priority_max)
        )


class _Failure(msgspec.Struct, frozen=True):
    type: str


class Facts(msgspec.Struct, frozen=True):
    """What filters and orders look at in a small record."""

    job_id: str
    job_type: str
    status: JobStatus
    priority: int
    created_at: int
    order_key: str
    worker_id: str | None = None
    workflow_id: str | None = None
    customer_id: str | None = None
    submitted_by: str | None = None
    finished_at: int | None = None
    error: _Failure | None = None

    @property
    def error_type(self) -> str | None:
        """Type of the last attempt's error."""
        return self.error.type if self.error else None


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a job stands in an order: score, then member, as in the index of that order."""

    score: int
    member: str

    @property
    def cursor(self) -> str:
        """The place as clients see it, `CURSOR_PATTERN`."""
        return f"{self.score}.{self.member}"

    @classmethod
    def at(cls, cursor: str) -> Place:
        """Read a cursor.

        Raises: InvalidInput: it is not one.
        """
        if not re.fullmatch(CURSOR_PATTERN, cursor):
            raise InvalidInput("not a cursor of this hub", field="cursor")
        score, _, member = cursor.partition(".")
        return cls(int(score), member)


class Sorting(msgspec.Struct, frozen=True):
    """An order of jobs. `reverse`: from the highest score down.

    By priority is the order of processing: scores are -priority, and `desc` begins with the most urgent.
    """

    sort: Sort
    order: Order

    @property
    def reverse(self) -> bool:
        """Whether the index of this order is read from its end."""
        return (self.order == "desc") != (self.sort == "priority")

    def place(self, facts: Facts) -> Place | None:
        """Where a job stands; None when it has no place (not finished, by finished_at)."""
        if self.sort == "priority":
            return Place(-facts.priority, f"{facts.order_key}:{facts.job_id}")
        at = facts.created_at if self.sort == "created_at" else facts.finished_at
        return None if at is None else Place(at, facts.job_id)


def choose_sorting(status: list[JobStatus], sort: Sort | None, order: Order | None) -> Sorting:
    """Fill in what is not given: pending jobs as they are processed, finished ones newest first."""
    if sort is None:
        if set(status) == {"pending"}:
            sort = "priority"
        else:
            sort = "finished_at" if status and set(status) <= FINAL_STATUSES else "created_at"
    return Sorting(sort, order or "desc")


def _within(at: int | None, start: int | None, end: int | None) -> bool:
    if start is None and end is None:
        return True
    return at is not None and (start is None or at >= start) and (end is None or at < end)
