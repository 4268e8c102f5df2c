"""What `jobhub top` knows: a snapshot, kept true by every event after it."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import msgspec

from hub.monitor_stream import Frame
from hub.records import Job, Progress, Worker
from hub.states import ACTIVE_STATUSES

HISTORY_S: Final = 120  # seconds of figures kept for the curves


class QueueRow(msgspec.Struct):
    """A queue as the screen shows it."""

    job_type: str
    paused: bool = False
    pending: int = 0
    unworkable: list[dict[str, Any]] = []


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


class _Waiting(msgspec.Struct, frozen=True):
    job_type: str
    pending: int


class Second(msgspec.Struct, frozen=True):
    """The figures of one second; `queues`: every queue in which something waits, exact."""

    second: int = 0
    submitted: int = 0
    completed: int = 0
    failed: int = 0
    busy: float = 0.0
    offered: float = 0.0
    wait: Percentiles | None = None
    run: Percentiles | None = None
    queues: list[_Waiting] | None = None


class _Rows(msgspec.Struct, frozen=True):
    rows: list[Job] = []


class _Series(msgspec.Struct, frozen=True):
    second: list[int] = []
    submitted: list[int] = []
    completed: list[int] = []
    failed: list[int] = []
    busy: list[float] = []
    offered: list[float] = []


class _Data(msgspec.Struct, frozen=True):
    workers: list[Worker]
    jobs: dict[str, _Rows]
    queues: list[QueueRow]
    counts: dict[str, int]
    series: _Series = _Series()
    system_stats: Second | None = None


class _Change(msgspec.Struct, frozen=True):
    """The parts of an event that the screen follows."""

    type: str
    job_id: str | None = None
    rev: int = 0
    old_status: str | None = None
    new_status: str | None = None
    percent: float | None = None
    message: str | None = None
    job: Job | None = None
    worker: Worker | None = None


class FleetState:
    """Counts, running jobs, queues, workers and recent figures."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.active: dict[str, Job] = {}
        self.workers: dict[str, Worker] = {}
        self.queues: dict[str, QueueRow] = {}
        self.seconds: deque[Second] = deque(maxlen=HISTORY_S)

    def take(self, frame: Frame) -> None:
        """Apply a snapshot or events; any other frame changes nothing that is shown."""
        if frame.type == "full_state_snapshot":
            self._begin(msgspec.json.decode(frame.data, type=_Data))
        for raw in frame.events:
            self._apply(raw)
        if frame.counts is not None:
            self.counts = frame.counts

    def _begin(self, data: _Data) -> None:
        self.counts = data.counts
        self.active = {job.job_id: job for job in data.jobs["active"].rows}
        self.workers = {worker.worker_id: worker for worker in data.workers}
        self.queues = {queue.job_type: queue for queue in data.queues}
        series = data.series
        columns = zip(
            series.second,
            series.submitted,
            series.completed,
            series.failed,
            series.busy,
            series.offered,
            strict=True,
        )
        self.seconds = deque((Second(*row) for row in columns), maxlen=HISTORY_S)
        if data.system_stats is not None:
            self._note(data.system_stats)

    def _apply(self, raw: msgspec.Raw) -> None:
        event = msgspec.json.decode(raw, type=_Change)
        if event.worker is not None:
            self.workers[event.worker.worker_id] = event.worker
        elif event.job is not None:
            self._move(event, event.job)
        elif event.type == "job_progress":
            self._progress(event)
        elif event.type == "queue_changed":
            queue = msgspec.json.decode(raw, type=QueueRow)
            self.queues[queue.job_type] = queue
        elif event.type == "system_stats":
            self._note(msgspec.json.decode(raw, type=Second))

    def _move(self, event: _Change, job: Job) -> None:
        if job.status in ACTIVE_STATUSES:
            self.active[job.job_id] = job
        else:
            self.active.pop(job.job_id, None)
        if event.old_status == event.new_status:
            return
        queue = self.queues.setdefault(job.job_type, QueueRow(job.job_type))
        queue.pending += (event.new_status == "pending") - (event.old_status == "pending")

    def _progress(self, event: _Change) -> None:
        job = self.active.get(event.job_id or "")
        if job is not None:
            progress = Progress(percent=event.percent or 0.0, message=event.message)
            self.active[job.job_id] = msgspec.structs.replace(job, progress=progress)

    def _note(self, second: Second) -> None:
        while self.seconds and self.seconds[-1].second >= second.second:
            self.seconds.pop()
        self.seconds.append(second)
        if second.queues is None:
            return
        # Events may be folded when many happen, so that counting moves goes astray.
        for queue in self.queues.values():
            queue.pending = 0
        for waiting in second.queues:
            queue = self.queues.setdefault(waiting.job_type, QueueRow(waiting.job_type))
            queue.pending = waiting.pending
