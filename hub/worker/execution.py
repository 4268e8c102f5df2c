"""One grant in this worker's hands, from its arrival to the hub's answer to its result.

    waiting ──▶ running ──▶ done ──▶ (acknowledged: forgotten)
       └───────────────────────┘  cancelled before it ran

It keeps what the hub may have to be told again after a reconnect: that the handler began, the latest
progress, the lines that were not acknowledged, and the result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from hub import limits
from hub.worker.job import Job
from hub.worker.wire import Assignment, write, write_about

Say = Callable[[list[bytes]], None]
PROGRESS_EVERY_S: Final = 0.1  # faster reports replace each other: nobody sees more


class Execution:
    """A grant and what is known of it. The reporter of its `Job`."""

    def __init__(self, assignment: Assignment, outbox: Any) -> None:
        self.job_id = assignment.job_id
        self.fence = assignment.fence
        self.job = Job(assignment, self)
        self.accepted = False
        self.started = False
        self.result: bytes | None = None  # the message, kept until it is answered
        self.refusals = 0
        self.dropped = False  # the hub knows no such grant any more
        self._outbox = outbox
        self._lock = threading.Lock()  # the reports
        self._progress: dict[str, Any] | None = None
        self._progress_sent: dict[str, Any] | None = None
        self._next_progress_at = 0.0
        self._lines: list[str] = []
        self._lines_sent: list[str] = []
        self._noted = False

    def progress(self, report: dict[str, Any]) -> None:
        """Keep the latest report; it is sent soon."""
        with self._lock:
            self._progress = report
        self._note()

    def log(self, lines: list[str]) -> None:
        """Keep lines to send. Full (1,000 lines while the hub is away): the oldest go."""
        with self._lock:
            self._lines += lines
            del self._lines[: -limits.LOG_LINES_KEPT]
        self._note()

    def _note(self) -> None:
        if not self._noted and self.result is None:
            self._noted = True
            self._outbox.note(self)

    def report(self, say: Say, now: float, *, last: bool = False) -> float:
        """Say what is due, in order; returns the seconds until more is due, 0.0 when nothing waits.

        Args: last: the result comes next, so nothing may wait.
        """
        with self._lock:
            self._noted = False
            if self._lines and (last or not self._lines_sent):
                say(self._take_lines())
            if self._progress is None:
                return 0.0
            wait_s = self._next_progress_at - now
            if wait_s > 0 and not last:
                self._noted = True
                return wait_s
            say([self._write("job_progress", **self._progress)])
            self._progress_sent, self._progress = self._progress, None
            self._next_progress_at = now + PROGRESS_EVERY_S
        return 0.0

    def take_again(self, now: float) -> list[bytes]:
        """Take everything that a hub that may have missed it has to hear, in order."""
        with self._lock:
            self._lines = self._lines_sent + self._lines
            self._lines_sent = []
            self._progress = self._progress or self._progress_sent
            self._next_progress_at = 0.0
        messages = [write_about("job_started", self.job_id, self.fence)] if self.started else []
        self.report(messages.extend, now, last=True)
        if self.result is not None:
            messages.append(self.result)
        return messages

    def lines_recorded(self) -> None:
        """The hub has the lines that were sent; more may go."""
        with self._lock:
            self._lines_sent = []
            waiting = bool(self._lines)
        if waiting:
            self._note()

    def held(self) -> dict[str, Any]:
        """Name the grant to the hub."""
        return {"job_id": self.job_id, "fence": self.fence}

    def _take_lines(self) -> list[bytes]:
        self._lines_sent += self._lines
        lines, self._lines = self._lines, []
        step = limits.LOG_LINES_A_MESSAGE
        return [
            self._write("job_log", lines=lines[at : at + step]) for at in range(0, len(lines), step)
        ]

    def _write(self, type_: str, **fields: Any) -> bytes:
        return write(type_, job_id=self.job_id, fence=self.fence, **fields)
