"""How each job of a replay ended, by the hub's own events.

A monitor in a thread of its own. Should the hub ever start it again from a snapshot, it says so, and the
player reads the jobs that are not yet known to be over.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec

from hub.config import Settings
from hub.errors import JobhubError, Unavailable
from hub.monitor_stream import Frame, MonitorStream
from hub.states import FINAL_STATUSES

_READY_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.5


class _Move(msgspec.Struct, frozen=True):
    job_id: str | None = None
    new_status: str | None = None


class Tally:
    """Final states by job id, of every job that ends while it listens."""

    def __init__(self, settings: Settings) -> None:
        self._stream = MonitorStream(settings, ("jobs:status",), full_state=False)
        self._ended: dict[str, str] = {}
        self._fresh: deque[str] = deque()  # bounded by the jobs that end during the replay
        self._incomplete = False
        self._failure: JobhubError | None = None
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._listen, name="tally", daemon=True)

    def __enter__(self) -> Tally:
        self._thread.start()
        if not self._ready.wait(_READY_S):
            raise Unavailable("the hub does not take monitors")
        self._raise_failure()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._thread.join(5.0)

    @property
    def ended(self) -> dict[str, str]:
        """Final state by job id; grows."""
        return self._ended

    def note(self, job_id: str, status: str) -> None:
        """Enter a state, if it is final."""
        if status in FINAL_STATUSES:
            self._ended[job_id] = status
            self._fresh.append(job_id)

    def take_fresh(self) -> Iterator[str]:
        """Take the ids of what ended since the last call; one may come twice."""
        while self._fresh:
            yield self._fresh.popleft()

    def take_incomplete(self) -> bool:
        """Whether events may be missing since the last call."""
        incomplete, self._incomplete = self._incomplete, False
        return incomplete

    def wait(self, timeout_s: float) -> None:
        """Wait until something ended, at most `timeout_s`.

        Raises: JobhubError: the hub wants no monitor any more.
        """
        with self._changed:
            self._changed.wait(timeout_s)
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _listen(self) -> None:
        try:
            for frame in self._stream.read(timeout_s=_LOOK_EVERY_S):
                if self._stopping.is_set():
                    return
                if isinstance(frame, Frame):
                    self._take(frame)
        except JobhubError as error:
            self._failure = error
        finally:
            self._ready.set()
            with self._changed:
                self._changed.notify_all()

    def _take(self, frame: Frame) -> None:
        if frame.type == "subscription_confirmed":
            self._ready.set()
        elif frame.type == "full_state_snapshot":
            self._incomplete = True
        for raw in frame.events:
            move = msgspec.json.decode(raw, type=_Move)
            if move.job_id and move.new_status:
                self.note(move.job_id, move.new_status)
        if frame.events:
            with self._changed:
                self._changed.notify_all()
