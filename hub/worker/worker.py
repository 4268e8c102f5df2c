"""`Worker`: runs handlers for the jobs that the hub hands out.

from hub.worker import Worker

worker = Worker("http://127.0.0.1:8000", slots=4)

@worker.job("resize")
def resize(job):
    return {"files": len(job.payload["sizes"])}

worker.run()
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Literal

from hub import limits
from hub.endpoint import Endpoint
from hub.errors import InvalidInput
from hub.worker.event_loop import EventLoop
from hub.worker.execution import Execution
from hub.worker.handlers import H, Handler, Handlers, completed, failed, is_coroutine, released
from hub.worker.process_pool import ProcessPool
from hub.worker.session import Session
from hub.worker.thread_pool import ThreadPool
from hub.worker.wire import Register

_ID: Final = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9_.:@/-]{1,200}")
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Worker:
    """A program that does jobs.

    Args: url: the hub; JOBHUB_HUB_URL or the one on this machine by default.
          slots: jobs at a time.
          capabilities: what a job's `requirements` are held against.
          worker_id: a name of its own among all workers; made up by default.
          prefetch: jobs that may wait here beyond `slots`, so that the next one is at hand: for jobs of
          milliseconds. What waits here cannot be done by an idle worker elsewhere.
          pool: where plain functions run: "thread", or "process" for what keeps the processor busy;
          `async def` handlers run on an event loop either way.
          token: JOBHUB_TOKEN by default.
          version: of this program, shown on the dashboard.
    Raises: InvalidInput: a value is outside its limits.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        slots: int = 1,
        capabilities: Mapping[str, Any] | None = None,
        worker_id: str | None = None,
        prefetch: int = 0,
        pool: Literal["thread", "process"] = "thread",
        token: str | None = None,
        version: str | None = None,
    ) -> None:
        if not 1 <= slots <= limits.SLOTS:
            raise InvalidInput(f"must be 1 to {limits.SLOTS}", field="slots")
        if not 0 <= prefetch <= limits.SLOTS:
            raise InvalidInput(f"must be 0 to {limits.SLOTS}", field="prefetch")
        if worker_id is not None and not _ID.fullmatch(worker_id):
            raise InvalidInput("up to 200 of A-Z a-z 0-9 _ . : @ / -", field="worker_id")
        self.worker_id = worker_id or _made_up_id()
        self._endpoint = Endpoint.find(url, token)
        self._slots = slots
        self._prefetch = prefetch
        self._capabilities = dict(capabilities or {})
        self._version = version
        self._pool = pool
        self._handlers = Handlers()
        self._session: Session | None = None
        self._closing = threading.Lock()
        self._threads = ThreadPool(slots, self._run_job)
        self._processes: ProcessPool | None = None
        self._loop: EventLoop | None = None

    def job(self, job_type: str) -> Callable[[H], H]:
        """Make the decorated function the handler of a job type; `async def` functions work too.

        The function gets a `Job` and returns what JSON can hold. An exception fails the attempt, and the
        hub decides on another one; `NotRetryable` and its children end the job.

        Raises: InvalidInput: the type has a handler already, or is no job type.
        """
        if not _ID.fullmatch(job_type):
            raise InvalidInput("up to 200 of A-Z a-z 0-9 _ . : @ / -", field="job_type")

        def register(handler: H) -> H:
            self._handlers.add(job_type, handler)
            return handler

        return register

    def handler(self, job_type: str) -> Handler | None:
        """Find the handler of a job type."""
        return self._handlers.get(job_type)

    def run(self) -> None:
        """Do jobs until SIGTERM, SIGINT or `stop`.

        The first signal drains: nothing new is taken, what runs is finished and delivered. A second one
        leaves at once: what runs is given back and the handlers are told.

        Raises: WorkerRefused: the hub does not want this worker (token, name taken by another one).
        """
        self.start()
        self.wait()

    def start(self, *, url: str | None = None, wait_s: float = 0.0) -> None:
        """Do jobs in the background, until `stop`.

        Args:   url: another hub than the one that the worker was made for.
                wait_s: how long to wait for the hub to know this worker; it goes on trying after that.
        Raises: InvalidInput: there is no handler, or it runs already.
        """
        if self._session is not None:
            raise InvalidInput("the worker runs already")
        if not self._handlers.job_types:
            raise InvalidInput("no handler: decorate one with @worker.job(...)")
        profile = Register(
            worker_id=self.worker_id,
            job_types=self._handlers.job_types,
            capabilities=self._capabilities,
            slots=self._slots,
            prefetch=self._prefetch,
            version=self._version,
            host=socket.gethostname()[: limits.NAME_CHARS] or None,
        )
        self._start_pools()
        endpoint = self._endpoint if url is None else Endpoint.find(url, self._endpoint.token)
        self._session = Session(endpoint, profile, self._take, self._take_back)
        self._session.start()
        if wait_s:
            self._session.wait_registered(wait_s)

    def wait(self) -> None:
        """Wait until a started worker has ended; signals are heard as in `run`.

        Raises: WorkerRefused.
        """
        session = self._live()
        with self._signals():
            session.ended.wait()
        self._close(session)

    def stop(self, *, timeout_s: float | None = None) -> None:
        """Drain and end; what still runs after `timeout_s` is given back. Returns when it is over.

        A handler calls `request_stop` instead: this would wait for itself.

        Raises: WorkerRefused: the hub did not want this worker.
        """
        session = self._live()
        session.drain()
        if not session.ended.wait(timeout_s):
            session.leave()
            session.ended.wait()
        self._close(session)

    def request_stop(self) -> None:
        """Begin to drain, or leave at once when draining already; what a signal does. Returns at once."""
        session = self._live()
        if session.draining:
            session.leave()
        else:
            session.drain()

    # --- Jobs ---------------------------------------------------------------------------------

    def _take(self, executions: list[Execution]) -> None:
        threaded = []
        for execution in executions:
            handler = self._handlers.get(execution.job.job_type)
            if self._loop is not None and handler is not None and is_coroutine(handler):
                self._loop.offer([execution])
            else:
                threaded.append(execution)
        if threaded:
            self._threads.offer(threaded)

    def _take_back(self) -> list[Execution]:
        return self._threads.take_back()

    def _run_job(self, execution: Execution) -> None:
        session, job = self._live(), execution.job
        handler = self._handlers.get(job.job_type)
        if handler is None:  # assigned under an older registration
            session.finish(execution, released(job, execution.fence))
            return
        if not session.begin(execution):
            return
        if self._processes is not None:
            result = self._processes.call(execution)
        else:
            result = _outcome(execution, handler)
        session.finish(execution, result, hurry=not self._threads.backlog)

    async def _run_coroutine(self, execution: Execution) -> None:
        session, job = self._live(), execution.job
        handler = self._handlers.get(job.job_type)
        if handler is None or not session.begin(execution):
            return
        try:
            result = completed(job, execution.fence, await handler(job))
        except (Exception, asyncio.CancelledError) as error:
            result = failed(job, execution.fence, error)
        session.finish(execution, result)

    def _start_pools(self) -> None:
        coroutines, functions = self._handlers.by_kind()
        if functions:
            if self._pool == "process":
                self._processes = ProcessPool(functions)
                self._processes.start(self._slots)
            self._threads.start()
        if coroutines:
            self._loop = EventLoop(self._run_coroutine)
            self._loop.start()

    def _close(self, session: Session) -> None:
        """End the pools, once: `run` and `stop` may both be waiting, in two threads."""
        with self._closing:
            if self._session is session:
                self._threads.stop()
                if self._loop is not None:
                    self._loop.stop()
                if self._processes is not None:
                    self._processes.stop()
                self._session = self._loop = self._processes = None
                self._threads = ThreadPool(self._slots, self._run_job)
        if session.refused is not None:
            raise session.refused

    def _live(self) -> Session:
        if self._session is None:
            raise InvalidInput("the worker does not run")
        return self._session

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Drain on a signal, where signals can be heard: in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def hear(number: int, frame: FrameType | None) -> None:
            self.request_stop()

        before = {number: signal.signal(number, hear) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _outcome(execution: Execution, handler: Handler) -> bytes:
    """Run a handler here; returns the message with its result."""
    job = execution.job
    try:
        return completed(job, execution.fence, handler(job))
    except BaseException as error:  # SystemExit included: a handler ends its job, not the worker
        return failed(job, execution.fence, error)


def _made_up_id() -> str:
    host = re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:100] or "worker"
    return f"{host}-{os.getpid()}-{secrets.token_hex(3)}"
