"""How much there is to claim, as far as this hub has heard: what spares Redis claims that find nothing.

The event log says what is pending, but later than a claim's own answer does: jobs that were just given
here still count as pending. Fences grow with every grant, and so do those in the log; what was given under
a fence that the log has not told yet is taken off. An error here costs a claim that finds nothing, or a
quarter of a second (the dispatcher looks by itself), never a job.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from hub.event_log import COUNT_NAMES, Event
from hub.job_broker import Assignment
from hub.records import Job
from hub.replicator import Replicator

_PENDING: Final = COUNT_NAMES.index("pending")
_PLACE_DIGITS: Final = 12  # with which submit_jobs.lua ends an order_key
_UNHEARD_MAX: Final = 10_000  # full: the oldest is forgotten, and a claim may find nothing


class Backlog:
    """Follows what is pending; told of each event and of each grant to a worker of this hub."""

    def __init__(self, replicator: Replicator) -> None:
        self._replicator = replicator
        self._unheard: deque[int] = deque(maxlen=_UNHEARD_MAX)  # fences, about in their order
        self._heard_fence = 0
        self._heard_place = 0
        self._paused: set[str] = set()

    @property
    def pending(self) -> int:
        """Jobs that are pending by the event log."""
        return self._replicator.counts[_PENDING]

    @property
    def size(self) -> int:
        """Pending jobs that were not given to a worker here; paused ones count."""
        return self.pending - len(self._unheard)

    def is_open(self, job_type: str | None) -> bool:
        """Whether jobs of a type may be claimed, as far as was heard since this hub began."""
        return job_type not in self._paused

    def is_news(self, job: Job) -> bool:
        """Whether a job that was submitted here just now is not in `size` yet, and may be claimed."""
        return self.is_open(job.job_type) and _place(job.order_key) > self._heard_place

    def given(self, assignments: Sequence[Assignment]) -> None:
        """Take off what a claim was given."""
        self._unheard += [item.fence for item in assignments if item.fence > self._heard_fence]

    def hear(self, event: Event) -> None:
        """Learn from the log which grants it has told, and which job types are paused."""
        if event.type == "job_submitted":
            self._heard_place = max(self._heard_place, _place(event.after.order_key))
        elif event.type == "job_assigned":
            self._heard_fence = max(self._heard_fence, event.after.fence or 0)
            while self._unheard and self._unheard[0] <= self._heard_fence:
                self._unheard.popleft()
        elif event.type == "queue_changed" and event.job_type is not None:
            if event.paused:
                self._paused.add(event.job_type)
            else:
                self._paused.discard(event.job_type)

    def forget(self) -> None:
        """Events may be missing: what was heard says nothing any more."""
        self._unheard.clear()
        self._paused.clear()
        self._heard_place = 0


def _place(order_key: str | None) -> int:
    """The number of a job among all that were ever submitted."""
    return int((order_key or "")[-_PLACE_DIGITS:] or 0)
