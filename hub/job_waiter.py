"""Wakes whoever waits for a job's events, without a look at Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hub.event_log import LoggedEvent

Hear = Callable[[LoggedEvent | None], None]


class JobWaiter:
    """A listener of the replicator that passes events on by job."""

    def __init__(self) -> None:
        self._hearers: dict[str, list[Hear]] = {}
        self._lock = threading.Lock()
        self.ended = False  # the hub ends: nobody is to wait any more

    def end(self) -> None:
        """Let everybody who waits look a last time."""
        self.ended = True
        self.on_restart()

    def on_events(self, events: Sequence[LoggedEvent]) -> None:
        """Pass each event to those who follow its job."""
        if not self._hearers:
            return
        for logged in events:
            for hear in self._hearers.get(logged.event.job_id or "", ()):
                hear(logged)

    def on_restart(self) -> None:
        """Tell everybody who waits, with None, that events may be missing: look again."""
        for hearers in list(self._hearers.values()):
            for hear in hearers:
                hear(None)

    @contextmanager
    def hearing(self, job_id: str, hear: Hear) -> Iterator[None]:
        """Call `hear` with every event of the job, in the replicator's thread; it must be quick.

        None instead of an event: some may be missing.
        """
        with self._lock:
            self._hearers[job_id] = [*self._hearers.get(job_id, ()), hear]
        try:
            yield
        finally:
            with self._lock:
                left = [other for other in self._hearers[job_id] if other is not hear]
                if left:
                    self._hearers[job_id] = left
                else:
                    del self._hearers[job_id]
