"""Progress at most twice a second a job: the first at once, then the latest of each span.

Many running jobs share what a screen can show: 20 progresses a second in the compact form, 10 in the plain
one, where each takes four times as many bytes. Above that the span grows with the jobs, until there are
50: two and a half seconds, about the age that polling would give them, and five. So a monitor's records
equal Redis at the seq that a frame names, except for the progress (and the `rev`) of a running job, which
may be one span older. What is held back is owed: `floor` says up to which seq nothing is, so that a
monitor served alone, or one that resumes, gets what it is owed.
"""

from __future__ import annotations

from typing import Final

from hub.event_log import Event, LoggedEvent

_EVERY_S: Final = 0.5
_SHARING_MOST: Final = 50  # running jobs for which the span grows


class ProgressFolder:
    """Holds back what comes too soon; remembers running jobs only.

    Args: told_a_s: progresses of all jobs a second that are told before the span grows.
    """

    def __init__(self, told_a_s: int) -> None:
        self._told_a_s = told_a_s
        self._told_at: dict[str, float] = {}
        self.held: dict[str, LoggedEvent] = {}

    @property
    def span_s(self) -> float:
        """How long a job's next progress is held back."""
        sharing = min(_SHARING_MOST, len(self._told_at))
        return max(_EVERY_S, sharing / self._told_a_s)

    def take(self, logged: LoggedEvent, now: float) -> bool:
        """Whether progress may go out now; otherwise it is held back in the place of older ones."""
        job_id = logged.event.job_id or ""
        told_at = self._told_at.get(job_id)
        if told_at is not None and now - told_at < self.span_s:
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

    def shown(self, seq: int) -> None:
        """The records of running jobs went out as they were at `seq`: what came before is owed no more."""
        self.held = {job_id: item for job_id, item in self.held.items() if item.seq > seq}

    def due(self, now: float) -> list[LoggedEvent]:
        """Release what was held back for long enough."""
        released = []
        span_s = self.span_s
        for job_id in list(self.held):
            if now - self._told_at.get(job_id, -span_s) >= span_s:
                self._told_at[job_id] = now
                released.append(self.held.pop(job_id))
        return released

    def floor(self, seq: int) -> int:
        """Up to which seq, `seq` at most, no progress is owed."""
        return min([logged.seq - 1 for logged in self.held.values()], default=seq)
