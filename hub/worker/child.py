"""The other side of `ProcessPool`: a process that runs one job after the other in its main thread."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import msgspec

from hub.worker.handlers import Handler, completed, failed
from hub.worker.job import Job
from hub.worker.wire import Assignment


class _Pipe:
    """The pipe to the worker, as the reporter of a job."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, kind: str, content: Any) -> None:
        """Send one message; handlers may report from several threads."""
        with self._lock:
            self._pipe.send((kind, content))

    def progress(self, report: dict[str, Any]) -> None:
        """Pass a report on."""
        self.send("progress", report)

    def log(self, lines: list[str]) -> None:
        """Pass lines on."""
        self.send("log", lines)


def serve(pipe: Connection, handlers: Mapping[str, Handler]) -> None:
    """Run jobs until the worker closes the pipe."""
    # A signal to the whole group is the worker's to answer: it decides whether this job is finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    reports = _Pipe(pipe)
    jobs: SimpleQueue[Job] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, reports, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        fence = job.assignment.fence
        try:
            result = completed(job, fence, handlers[job.job_type](job))
        except BaseException as error:
            result = failed(job, fence, error)
        reports.send("result", result)


def _listen(pipe: Connection, reports: _Pipe, jobs: SimpleQueue[Job]) -> None:
    """Take jobs and cancels; the end of the worker is the end of this process, whatever it does."""
    job: Job | None = None
    while True:
        try:
            kind, content = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)
        if kind == "job":
            job = Job(msgspec.json.decode(content, type=Assignment), reports)
            jobs.put(job)
        elif job is not None:
            job.cancel(content)
