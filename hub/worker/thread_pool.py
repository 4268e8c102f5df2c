"""Runs handlers in as many threads as the worker has slots.

A thread that finishes takes the next job itself, and at most one sleeping thread is being woken at any
time: jobs that take microseconds are done by one thread in a row instead of waking all for one each,
while jobs that block wake the next thread as soon as they have begun.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from hub.worker.execution import Execution


class ThreadPool:
    """Threads for handlers. `run` is called in one of them with each execution."""

    def __init__(self, slots: int, run: Callable[[Execution], None]) -> None:
        self._run = run
        self._slots = slots
        self._waiting: deque[Execution] = deque()
        self._wakes: SimpleQueue[bool] = SimpleQueue()
        self._waking = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads. They are daemons: a handler that never ends cannot hold up the process."""
        for number in range(1, self._slots + 1):
            thread = threading.Thread(target=self._work, name=f"job-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let the threads end after what they do now."""
        for _ in self._threads:
            self._wakes.put(False)

    @property
    def backlog(self) -> int:
        """Executions that wait for a thread."""
        return len(self._waiting)

    def offer(self, executions: Sequence[Execution]) -> None:
        """Run these as soon as threads are free, in this order."""
        self._waiting.extend(executions)
        self._wake()

    def take_back(self) -> list[Execution]:
        """Take what no thread has begun."""
        taken = []
        while True:
            try:
                taken.append(self._waiting.popleft())
            except IndexError:
                return taken

    def _wake(self) -> None:
        if not self._waking:
            self._waking = True
            self._wakes.put(True)

    def _work(self) -> None:
        while self._wakes.get():
            self._waking = False
            while True:
                try:
                    execution = self._waiting.popleft()
                except IndexError:
                    break
                if self._waiting:
                    self._wake()
                self._run(execution)
