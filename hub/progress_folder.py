"""Progress at most twice a second a job: the first at once, then the latest of each half second.

So a monitor's records equal Redis at the seq that a frame names, except for the progress (and the
`rev`) of a running job, which may be half a second older. What is held back is owed: `floor` says up
to which seq nothing is, so that a monitor served alone, or one that resumes, gets what it is owed.
"""

from __future__ import annotations

from typing import Final

from hub.event_log import Event, LoggedEvent

PROGRESS_EVERY_S: Final = 0.5


class ProgressFolder:
    """Holds back what comes too soon; remembers running jobs only."""

    def __init__(self) -> None:
        self._told_at: dict[str, float] = {}
        self.held: dict[str, LoggedEvent] = {}

    def take(self, logged: LoggedEvent, now: float) -> bool:
        """Whether progress may go out now; otherwise it is held back in the place of older ones."""
        job_id = logged.event.job_id or ""
        if now - self._told_at.get(job_id, -1.0) < PROGRESS_EVERY_S:
            self.held[job_id] = logged
            return False
        self._told_at[job_id] = now
        self.held.pop(job_id, None)
        return True

    def supersede(self, event: Event) -> None:
        """A whole record goes out: what it holds is owed no more."""
        job_id = event.job_id or ""
        self.held.pop(job_id, None)
        if event.new_status not in ("assigned", "in_progress"):
            self._told_at.pop(job_id, None)

    def due(self, now: float) -> list[LoggedEvent]:
        """Release what was held back for long enough."""
        released = []
        for job_id in list(self.held):
            if now - self._told_at.get(job_id, -1.0) >= PROGRESS_EVERY_S:
                self._told_at[job_id] = now
                released.append(self.held.pop(job_id))
        return released

    def floor(self, seq: int) -> int:
        """Up to which seq, `seq` at most, no progress is owed."""
        return min([logged.seq - 1 for logged in self.held.values()], default=seq)
