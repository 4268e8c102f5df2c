"""What the hub acknowledged, and whether Redis still says so at the end.

    submitted     a submit was answered: the job is there, each of its runs ended in one final state
    settled       an outcome was acknowledged under a fence: that fence ended the attempt, in that way

A history goes from state to state without a gap, and fences only rise in it. A recorded result must be
one that was sent under the record's fence; counters and figures equal the records
(hub.chaos.figures_check).
An acknowledgement is excused when Redis was robbed of it on purpose: emptied, or started again without
its last second. Everything else must be found.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from hub.chaos.figures_check import figures_that_differ
from hub.chaos.stored import StoredJob, all_jobs, read_jobs
from hub.redis_service import RedisService
from hub.states import FINAL_STATUSES

SDK_TYPE: Final = "sdk"  # jobs of workers in processes of their own; hub.chaos.sdk
_UNSAFE_S: Final = 3.0  # AOF everysec writes behind by up to two seconds when the disk is slow
_CHUNK: Final = 200
_TOLD_MAX: Final = 20  # differences; more of one kind say nothing new
_GAUGES: Final = ("scheduled", "pending", "assigned", "in_progress")


class _Note(msgspec.Struct):
    at: float
    sent: dict[int, list[bytes | None]] = {}  # fence -> results that were sent; None: an error
    settled: dict[int, float] = {}  # fence -> when the outcome was acknowledged


class Ledger:
    """Notes acknowledgements as they come; any thread may. `asked_at`: when the call began, monotonic s.

    What a call did may have been done at its end only: that is when Redis must have it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[str, _Note] = {}
        self._robbed_at = 0.0
        self.counted: Counter[str] = Counter()

    def submitted(self, job_id: str, asked_at: float) -> None:
        """A submit was answered."""
        with self._lock:
            if asked_at > self._robbed_at:
                self._notes[job_id] = _Note(time.monotonic())

    def sent(self, job_id: str, fence: int, result: bytes | None) -> None:
        """An outcome is about to be sent; `result` is None for an error."""
        with self._lock:
            note = self._notes.get(job_id)
            if note is not None:
                note.sent.setdefault(fence, []).append(result)

    def settled(self, job_id: str, fence: int, asked_at: float) -> None:
        """An outcome was acknowledged, for the first time or as a repeat."""
        with self._lock:
            note = self._notes.get(job_id)
            if note is not None and asked_at > self._robbed_at:
                note.settled.setdefault(fence, time.monotonic())

    def robbed(self) -> None:
        """Redis has lost everything, just now."""
        self._excuse(0.0)

    def robbed_of_last_second(self, killed_at: float) -> None:
        """Redis was killed at `killed_at` and has started again without its last second."""
        self._excuse(killed_at - _UNSAFE_S)

    def _excuse(self, from_at: float) -> None:
        """Forget what was asked at `from_at` or later, and what is being asked now."""
        with self._lock:
            self._robbed_at = time.monotonic()
            notes, self._notes = self._notes, {}
            for job_id, note in notes.items():
                if note.at < from_at:
                    kept = {fence: at for fence, at in note.settled.items() if at < from_at}
                    self._notes[job_id] = _Note(note.at, note.sent, kept)
            self.counted["acknowledged submits excused"] += len(notes) - len(self._notes)

    def differences(self, service: RedisService) -> list[str]:
        """Compare with Redis, where nothing may happen meanwhile and every job must be over."""
        with self._lock:
            notes = dict(self._notes)
        jobs = list(all_jobs(service))
        found = list(_counts_that_differ(service, jobs))
        found += figures_that_differ(service, jobs)
        ids = list(notes)
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            for job_id, stored in zip(chunk, read_jobs(service, chunk), strict=True):
                found += _judge(job_id, notes[job_id], stored)
        self.counted["acknowledged submits checked"] += len(notes)
        self.counted["acknowledged outcomes checked"] += sum(
            len(note.settled) for note in notes.values()
        )
        if len(found) > _TOLD_MAX:
            found[_TOLD_MAX:] = [f"... and {len(found) - _TOLD_MAX} more"]
        return found


def fence_result(fence: int) -> bytes:
    """Write the result that a worker of `SDK_TYPE` sends under `fence`."""
    return b'{"fence":%d}' % fence


def _judge(job_id: str, note: _Note, job: StoredJob) -> Iterator[str]:
    """Say what is wrong with one job."""
    rec, history = job.rec, job.history
    if rec is None:
        yield f"{job_id}: its submit was acknowledged, and it is gone"
        return
    if rec["status"] not in FINAL_STATUSES:
        yield f"{job_id}: {rec['status']} at the end"
    ends = Counter(entry["run"] for entry in history if entry["new_status"] in FINAL_STATUSES)
    expected = dict.fromkeys(range(1, rec["run"] + 1), 1)
    if dict(ends) != expected:
        yield f"{job_id}: final states a run {dict(ends)}, not {expected}"
    for wrong in (*_breaks(rec, history), *_outcomes_that_differ(note, history)):
        yield f"{job_id}: {wrong}"
    if rec["status"] == "completed":
        fence = rec["fence"]
        if history[-1].get("fence") != fence:
            yield f"{job_id}: its record names another fence than the end of its history"
        sent = [fence_result(fence)] if rec["job_type"] == SDK_TYPE else note.sent.get(fence, [])
        if job.result not in sent:
            yield f"{job_id}: holds {job.result!r}, which was not sent under its fence {fence}"


def _breaks(rec: dict[str, Any], history: list[dict[str, Any]]) -> Iterator[str]:
    """Say where a history does not go on where it was, or gives a job out under an older fence."""
    status, fence = None, 0
    for entry in history:
        if entry["old_status"] != status:
            yield f"its history goes on from {entry['old_status']} after {status}"
        status = entry["new_status"]
        if status == "assigned":
            if entry["fence"] <= fence:
                yield f"it was given out under {entry['fence']} after {fence}"
            fence = entry["fence"]
    if status != rec["status"]:
        yield f"its record says {rec['status']}, its history ends with {status}"


def _outcomes_that_differ(note: _Note, history: list[dict[str, Any]]) -> Iterator[str]:
    """Say which acknowledged outcomes are not in the history, or as something else than was sent."""
    told = {
        entry["fence"]: entry["new_status"]
        for entry in history
        if entry["old_status"] in ("assigned", "in_progress")
        and entry["new_status"] in ("completed", "failed", "scheduled")
    }
    for fence in note.settled:
        if fence not in told:
            yield f"the outcome under {fence} was acknowledged, and is not in its history"
            continue
        meant = {result is not None for result in note.sent.get(fence, [])}
        if meant and (told[fence] == "completed") not in meant:
            yield f"the outcome under {fence} was recorded as {told[fence]}"


def _counts_that_differ(service: RedisService, jobs: Iterable[StoredJob]) -> Iterator[str]:
    """Compare counters with the records that they count."""
    counts = {
        name.decode(): int(n)
        for name, n in service.redis.hgetall(service.keys.key("counts")).items()
    }
    held: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for job in jobs:
        held[job.rec["status"] if job.rec else ""] += 1
        ended.update(e["new_status"] for e in job.history if e["new_status"] in FINAL_STATUSES)
    for status in _GAUGES:
        if counts.get(status, 0) != held[status]:
            yield f"counts say {counts.get(status, 0)} {status}, the records {held[status]}"
    for status in FINAL_STATUSES:
        if counts.get(status, 0) != ended[status]:
            yield f"counts say {counts.get(status, 0)} {status}, the histories {ended[status]}"
