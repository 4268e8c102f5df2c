"""The grants in this worker's hands: what the hub gave, what became of it, what it must hear again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from hub.worker.execution import Execution
from hub.worker.outbox import Outbox
from hub.worker.wire import Assignment, HeldVerdict, Stale, write_about, write_failure

RESULTS = frozenset({"job_completed", "job_failed", "job_released"})


class Grants:
    """Executions by fence, from their arrival until the hub has answered their result.

    Bounded by the hub: it gives no more than slots and prefetch.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._by_fence: dict[int, Execution] = {}

    def __bool__(self) -> bool:
        return bool(self._by_fence)

    def all(self) -> list[Execution]:
        """List them in the order of their arrival."""
        return list(self._by_fence.values())

    def add(self, jobs: Iterable[Assignment]) -> list[Execution]:
        """Take in what is new: after a reconnect the hub sends again what it does not know to be here."""
        executions = []
        for assignment in jobs:
            if assignment.fence not in self._by_fence:
                execution = Execution(assignment, self._outbox)
                self._by_fence[assignment.fence] = execution
                executions.append(execution)
        return executions

    def named(self) -> list[dict[str, Any]]:
        """Name what is held, to register or to renew the leases; that accepts what waits for a thread."""
        live = [execution for execution in self.all() if not execution.dropped]
        for execution in live:
            execution.accepted = True
        return [execution.held() for execution in live]

    @property
    def unaccepted(self) -> bool:
        """Whether the hub might take something back because nobody has mentioned it yet."""
        return any(not execution.accepted for execution in self.all())

    def told_again(self) -> list[bytes]:
        """Write everything that a hub that may have missed it has to hear."""
        now = time.monotonic()
        return [message for execution in self.all() for message in execution.take_again(now)]

    def obey(self, verdicts: Sequence[HeldVerdict], reason: str = "cancelled") -> None:
        """Keep, cancel or drop what the hub says."""
        for verdict in verdicts:
            execution = self._by_fence.get(verdict.fence)
            if execution is None or verdict.action == "keep":
                continue
            if verdict.action == "drop":
                self._drop(execution)
            else:
                execution.job.cancel(reason or "cancelled")

    def answered(self, of: str, fence: int | None) -> None:
        """Note that the hub has recorded a message."""
        if fence is None:
            return
        if of in RESULTS:
            self._by_fence.pop(fence, None)
        elif of == "job_log" and fence in self._by_fence:
            self._by_fence[fence].lines_recorded()

    def stale(self, answer: Stale) -> None:
        """Note that a grant is not the live one any more."""
        execution = self._by_fence.get(answer.fence)
        if execution is None:
            return
        if answer.of in RESULTS:
            self._by_fence.pop(answer.fence)
        elif execution.result is None:
            self._drop(execution)

    def refused(self, request_id: str | None, why: str) -> bytes | None:
        """Find what to say instead of a result that the hub will not take, so that the grant ends.

        Returns: the message that takes its place; None when it is not about a result.
        """
        named = request_id or ""
        execution = self._by_fence.get(int(named)) if named.isdecimal() else None
        if execution is None or execution.result is None:
            return None
        execution.refusals += 1
        job_id, fence = execution.job_id, execution.fence
        if execution.refusals == 1:
            error = {"type": "ResultRefused", "message": why, "retryable": False}
            execution.result = write_failure(job_id, fence, error)
        elif execution.refusals == 2:
            execution.result = write_about("job_released", job_id, fence)
        else:
            self._by_fence.pop(fence)
            return None
        return execution.result

    def cancel_all(self, reason: str) -> None:
        """Tell every handler that its run is over."""
        for execution in self.all():
            execution.job.cancel(reason)

    def _drop(self, execution: Execution) -> None:
        """The hub knows the grant no more. A result is still sent: it is refused where all can see it."""
        execution.dropped = True
        execution.job.cancel("lost")
