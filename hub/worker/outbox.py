"""What a worker has to say to the hub, in order, in as few frames as its speed allows.

One writer at a time: whoever finds the wire free sends everything that waits; whoever finds it taken
leaves its message to the one who sends. So a single job's result leaves at once in the thread that made
it, and results that come faster than one a millisecond leave together in one frame.

Bounded by the worker's places: at most a start, a progress, its log and a result a grant.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from hub.link import Link, LinkClosed
from hub.worker.execution import Execution
from hub.worker.wire import BATCH_BYTES, BATCH_ITEMS, join

GATHER_S: Final = 0.001  # how long a message without hurry waits for company


class Outbox:
    """Messages on their way; `run` is the thread that sends what nobody hurried."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._noted: deque[Execution] = deque()
        self._link: Link | None = None
        self._wire = threading.Lock()
        self._pokes: SimpleQueue[bool] = SimpleQueue()
        self._armed = False
        self._sent_at = 0.0
        self._stopped = False

    def attach(self, link: Link, first: list[bytes]) -> None:
        """Send through `link` from now on, `first` before anything else; older messages are in it."""
        self._waiting.clear()
        self._waiting.extend(first)
        self._link = link
        self.flush()

    def detach(self) -> None:
        """Keep what is said from now on until the next connection asks for everything again."""
        self._link = None

    def say(self, *messages: bytes) -> None:
        """Send soon: with the next message that hurries, or within a millisecond or two."""
        self._waiting.extend(messages)
        self._arm()

    def say_now(self, *messages: bytes) -> None:
        """Send at once, with everything that waits."""
        self._waiting.extend(messages)
        self.flush()

    def note(self, execution: Execution) -> None:
        """Send an execution's reports soon."""
        self._noted.append(execution)
        self._arm()

    @property
    def overdue(self) -> bool:
        """Whether the last frame left a millisecond ago or the next one is full: time to flush."""
        return time.monotonic() - self._sent_at >= GATHER_S or len(self._waiting) >= BATCH_ITEMS

    def flush(self) -> None:
        """Send everything that waits, unless another thread is just doing so."""
        while self._waiting and self._link is not None and self._wire.acquire(blocking=False):
            try:
                self._send_waiting(self._link)
            finally:
                self._wire.release()

    def poke(self) -> None:
        """Let the thread look at once at what is due."""
        self._pokes.put(False)

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self.poke()

    def run(self, tend: Callable[[], float]) -> None:
        """Send what nobody hurried, until `stop`.

        Args: tend: does what is due by the clock; returns the seconds until it wants to be called again.
        """
        again_s = 0.0
        while not self._stopped:
            due_s = tend()
            try:
                armed = self._pokes.get(timeout=min(due_s, again_s) if again_s else due_s)
            except Empty:
                armed = False
            if armed:
                time.sleep(GATHER_S)
                self._armed = False
            again_s = self._collect()
            self.flush()

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            self._pokes.put(True)

    def _collect(self) -> float:
        """Gather reports; returns the seconds until the next one is due, 0.0 for never."""
        now, again_s = time.monotonic(), 0.0
        for _ in range(len(self._noted)):
            execution = self._noted.popleft()
            if execution.result is not None:
                continue  # its last reports went before the result
            wait_s = execution.report(self._waiting.extend, now)
            if wait_s > 0:
                self._noted.append(execution)
                again_s = min(again_s or wait_s, wait_s)
        return again_s

    def _send_waiting(self, link: Link) -> None:
        while self._waiting:
            items: list[bytes] = []
            size = 0
            while self._waiting and len(items) < BATCH_ITEMS:
                if items and size + len(self._waiting[0]) > BATCH_BYTES:
                    break
                item = self._waiting.popleft()
                items.append(item)
                size += len(item) + 1
            try:
                link.send(join(items))
            except LinkClosed:
                self._link = None  # the reader learns of it too, and says everything again
                return
            self._sent_at = time.monotonic()
