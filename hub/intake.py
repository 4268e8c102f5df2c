"""Takes jobs from clients: stored, and a worker of this hub that waits has the next job in the same moment.

What I am: where submissions of either door, HTTP and the client socket, come in. What I trade: the one
script of a submission that finds a worker waiting costs Redis less than the two it replaces, and the job
is on its way to the worker one round trip earlier, before the client has its answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.dispatcher import Dispatcher, WorkerPeer
from hub.errors import JobhubError
from hub.job_broker import JobBroker, Submission
from hub.matching import make_lane
from hub.messages import SubmitRequest


class Intake:
    """Stores what clients submit, and has it handed out."""

    def __init__(self, broker: JobBroker, dispatcher: Dispatcher) -> None:
        self._broker = broker
        self._dispatcher = dispatcher

    def submit(self, request: SubmitRequest, *, submitted_by: str) -> Submission:
        """Store a job, or find the one that its idempotency key names; see `JobBroker.submit`.

        Where a worker of this hub waits for such a job it is given the most urgent one that it fits.
        """
        if request.run_at is None and request.delay_s is None:
            lane = make_lane(request.job_type, request.requirements)
            with self._dispatcher.reserved(lane) as taker:
                if taker is not None:
                    return self._submit_to(taker, request, submitted_by)
        made = self._broker.submit(request, submitted_by=submitted_by)
        self._dispatcher.submitted([made.job])
        return made

    def _submit_to(
        self, taker: WorkerPeer, request: SubmitRequest, submitted_by: str
    ) -> Submission:
        made, assignments = self._broker.submit_and_claim(
            request,
            submitted_by=submitted_by,
            worker_id=taker.worker_id,
            connection_id=taker.connection_id,
        )
        if assignments:
            self._dispatcher.give(taker, assignments)
        else:
            self._dispatcher.submitted([made.job])
        return made

    def submit_batch(
        self, requests: Sequence[SubmitRequest], *, submitted_by: str
    ) -> list[Submission | JobhubError]:
        """Store each job by itself; an item that is refused holds its error."""
        results = self._broker.submit_batch(requests, submitted_by=submitted_by)
        self._dispatcher.submitted(item.job for item in results if isinstance(item, Submission))
        return results
