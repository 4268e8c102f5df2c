"""Plays a trace: submits each job at its time, cancels those that never ran, and waits for the rest."""

from __future__ import annotations

import heapq
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from hub.client import HubClient, JobHandle
from hub.client.options import JobSpec
from hub.config import Settings
from hub.errors import Conflict, Unavailable
from hub.replay.fleet import simulated_workers
from hub.replay.tally import Tally
from hub.replay.trace import Row
from hub.replay.work import Task

_BATCH: Final = 500
_TURN_S: Final = 0.25  # how often progress is told while nothing is due
_OUTAGE_S: Final = 60.0  # how long a hub may be away before the replay gives up
_LOOK_EVERY_S: Final = 2.0
_LOOKED_AT: Final = 100
_NEVER_S: Final = 86_400.0  # later than any cancel: the job still waits when it comes
_TIMEOUT_MIN_S: Final = 3_600.0

# Jobs submitted, jobs over, jobs in all.
Report = Callable[[int, int, int], None]


class Summary(msgspec.Struct, frozen=True):
    """What a replay came to. `differing` holds the rows that ended otherwise than in the trace."""

    jobs: int
    elapsed_s: float
    latest_s: float  # how late the latest submit was
    outcomes: dict[str, int]
    differing: list[str]


class Player:
    """One replay of `rows` at `speed` times the recorded pace."""

    def __init__(
        self, settings: Settings, client: HubClient, rows: Sequence[Row], *, speed: float
    ) -> None:
        self._settings = settings
        self._client = client
        self._rows = rows
        self._speed = speed
        self._name = f"replay-{secrets.token_hex(3)}"
        self._row_of: dict[str, Row] = {}
        self._cancels: list[tuple[float, str]] = []  # due, job id
        self._over: set[str] = set()
        self._early: set[str] = set()  # ended before the answer to their submit came
        self._submitted = 0
        self._latest_s = 0.0
        self._look_at = 0.0

    def play(self, *, workers: int, slots: int, report: Report) -> Summary:
        """Replay to the end: until every job is over.

        Raises: JobhubError: the hub refuses, or stays away for a minute.
        """
        job_types = sorted({row.job_type for row in self._rows})
        with (
            Tally(self._settings) as tally,
            simulated_workers(
                self._settings, self._client, self._name, job_types, workers=workers, slots=slots
            ),
        ):
            began = time.monotonic()
            while True:
                self._submit_due(began)
                self._cancel_due(time.monotonic() - began)
                over = self._count_over(tally)
                report(self._submitted, over, len(self._rows))
                if over == len(self._rows):
                    break
                tally.wait(self._pause_s(time.monotonic() - began))
            return self._sum_up(tally, time.monotonic() - began)

    def _due_s(self, row: Row) -> float:
        return (row.submit_s - self._rows[0].submit_s) / self._speed

    def _submit_due(self, began: float) -> None:
        while self._submitted < len(self._rows):
            elapsed = time.monotonic() - began
            due: list[Row] = []
            for row in self._rows[self._submitted : self._submitted + _BATCH]:
                if self._due_s(row) > elapsed:
                    break
                due.append(row)
            if not due:
                return
            handles = self._submit([self._spec(row) for row in due])
            done = time.monotonic() - began
            self._latest_s = max(self._latest_s, done - self._due_s(due[0]))
            for row, handle in zip(due, handles, strict=True):
                self._row_of[handle.job_id] = row
                if handle.job_id in self._early:
                    self._over.add(handle.job_id)
                if row.cancelled_waiting:
                    due_s = self._due_s(row) + row.wait_s / self._speed
                    heapq.heappush(self._cancels, (due_s, handle.job_id))
            self._submitted += len(due)

    def _spec(self, row: Row) -> JobSpec:
        run_s = row.run_s / self._speed
        spec: JobSpec = {
            "job_type": row.job_type,
            "payload": msgspec.to_builtins(Task(row.row, run_s, row.outcome)),
            "customer_id": row.customer_id,
            "timeout_s": max(_TIMEOUT_MIN_S, 2 * run_s),
            # A batch whose answer was lost is sent again, and is still one job a row.
            "idempotency_key": f"{self._name}-{row.row}",
        }
        if row.cancelled_waiting:
            spec["delay_s"] = _NEVER_S + row.wait_s / self._speed
        return spec

    def _submit(self, specs: list[JobSpec]) -> list[JobHandle]:
        until = time.monotonic() + _OUTAGE_S
        while True:
            try:
                return self._client.submit_batch(specs)
            except Unavailable:
                if time.monotonic() > until:
                    raise

    def _cancel_due(self, elapsed: float) -> None:
        while self._cancels and self._cancels[0][0] <= elapsed:
            _, job_id = self._cancels[0]
            try:
                self._client.cancel(job_id)
            except Conflict:
                pass  # an earlier try got through; its answer was lost
            except Unavailable:
                return  # the next turn tries again
            heapq.heappop(self._cancels)

    def _count_over(self, tally: Tally) -> int:
        unknown = self._row_of.keys() - self._over
        if not tally.take_incomplete():
            unknown = self._some_to_look_at(unknown)
        for job_id in unknown:
            tally.note(job_id, self._client.get(job_id).status)
        for job_id in tally.take_fresh():
            (self._over if job_id in self._row_of else self._early).add(job_id)
        return len(self._over)

    def _some_to_look_at(self, unknown: set[str]) -> set[str]:
        """A few jobs every two seconds: a hub under load leaves out events of jobs that nobody sees."""
        now = time.monotonic()
        if now < self._look_at:
            return set()
        self._look_at = now + _LOOK_EVERY_S
        return set(random.sample(sorted(unknown), min(_LOOKED_AT, len(unknown))))

    def _pause_s(self, elapsed: float) -> float:
        """How long nothing is due, at most a turn."""
        due = [self._cancels[0][0]] if self._cancels else []
        if self._submitted < len(self._rows):
            due.append(self._due_s(self._rows[self._submitted]))
        return min([_TURN_S, *(max(0.0, at - elapsed) for at in due)])

    def _sum_up(self, tally: Tally, elapsed_s: float) -> Summary:
        differing = [
            f"row {row.row} ({job_id}) is {tally.ended[job_id]} instead of {row.outcome}"
            for job_id, row in self._row_of.items()
            if tally.ended[job_id] != row.outcome
        ]
        outcomes = Counter(tally.ended[job_id] for job_id in self._row_of)
        return Summary(len(self._rows), elapsed_s, self._latest_s, dict(outcomes), differing)
