"""Runs `async def` handlers on one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

from hub.worker.execution import Execution


class EventLoop:
    """An event loop for handlers. A cancelled run is cancelled where it awaits."""

    def __init__(self, run: Callable[[Execution], Awaitable[None]]) -> None:
        self._run = run
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._serve, name="job-loop", daemon=True)

    def start(self) -> None:
        """Start the loop's thread."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what runs and end the loop."""
        self._loop.call_soon_threadsafe(self._end)

    def offer(self, executions: Sequence[Execution]) -> None:
        """Start these now: the hub gives no more than the slots take."""
        self._loop.call_soon_threadsafe(self._start, executions)

    def _start(self, executions: Sequence[Execution]) -> None:
        for execution in executions:
            task = self._loop.create_task(self._guard(execution))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _guard(self, execution: Execution) -> None:
        task = asyncio.current_task()

        def cancel() -> None:
            if task is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(task.cancel)

        execution.job.on_cancel(cancel)
        await self._run(execution)

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._loop.call_soon(self._loop.stop)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
