"""The states of jobs and workers, and the moves between them.

    scheduled ──▶ pending ──▶ assigned ──▶ in_progress ──▶ completed | failed | cancelled
        ▲            ▲            │              │
        │            └────────────┴──────────────┤  release, lost lease, not accepted
        └────────────────────────────────────────┘  backing off before a retry

The last three are final for a run; only a retry by hand leaves them, as run + 1.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

JobStatus = Literal[
    "scheduled", "pending", "assigned", "in_progress", "completed", "failed", "cancelled"
]
WorkerStatus = Literal["idle", "busy", "draining", "offline"]

JOB_STATUSES: Final[tuple[JobStatus, ...]] = get_args(JobStatus)
WORKER_STATUSES: Final[tuple[WorkerStatus, ...]] = get_args(WorkerStatus)
FINAL_STATUSES: Final[frozenset[JobStatus]] = frozenset({"completed", "failed", "cancelled"})
ACTIVE_STATUSES: Final[frozenset[JobStatus]] = frozenset({"assigned", "in_progress"})

JOB_MOVES: Final[dict[JobStatus, frozenset[JobStatus]]] = {
    "scheduled": frozenset({"pending", "cancelled"}),
    "pending": frozenset({"assigned", "cancelled", "scheduled"}),
    "assigned": frozenset(
        {"in_progress", "pending", "scheduled", "completed", "failed", "cancelled"}
    ),
    "in_progress": frozenset({"pending", "scheduled", "completed", "failed", "cancelled"}),
    "completed": frozenset({"pending"}),
    "failed": frozenset({"pending"}),
    "cancelled": frozenset({"pending"}),
}
