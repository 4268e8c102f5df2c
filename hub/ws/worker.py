"""The worker socket: registration, what a worker says about its jobs, and what it is told.

Any refusal is an `error` that names the field and leaves the connection open; limits and
authentication close it. When Redis cannot be reached the worker is asked to come back: it keeps its
results until they are acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import redis

from hub.dispatcher import Dispatcher
from hub.errors import Conflict, InvalidInput, JobhubError
from hub.job_broker import Assignment, JobBroker, Outcome
from hub.matching import Profile
from hub.messages import (
    AboutJob,
    Goodbye,
    HeldJob,
    JobCompleted,
    JobFailed,
    JobLog,
    JobProgress,
    JobReleased,
    JobStarted,
    Register,
    WorkerHeartbeat,
    WorkerMessage,
    WorkerStatusChange,
    decode,
)
from hub.worker_registry import Superseded, WorkerRegistry
from hub.ws.connection import Connection
from hub.ws.protocol import CloseCode, error_message, read_items, request_id_of

Answer = Any
_ABOUT_JOB: Final = (JobStarted, JobProgress, JobLog, JobReleased)


class WorkerHandler:
    """Talks with one worker."""

    def __init__(
        self,
        connection: Connection,
        broker: JobBroker,
        registry: WorkerRegistry,
        dispatcher: Dispatcher,
        *,
        lease_ms: int,
        heartbeat_ms: int,
    ) -> None:
        self._connection = connection
        self._broker = broker
        self._registry = registry
        self._dispatcher = dispatcher
        self._times = {"lease_ms": lease_ms, "heartbeat_ms": heartbeat_ms}
        self._places = 0
        self._left = False
        self.worker_id = ""
        self.connection_id = connection.id
        self.profile = ""
        self.draining = False
        self.holding = 0
        self.rev = 0

    # --- The peer of the dispatcher -----------------------------------------------------------

    @property
    def free(self) -> int:
        """Slots and prefetch places that nothing holds; the claim itself counts exactly."""
        return self._places - self.holding

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Push jobs."""
        self.holding += len(assignments)
        self._send({"type": "assign", "jobs": assignments})

    def cancel(self, job_id: str, fence: int, reason: str) -> None:
        """Tell that a grant is over."""
        self._send({"type": "cancel", "job_id": job_id, "fence": fence, "reason": reason})

    def drain(self, draining: bool) -> None:
        """Tell that nothing new will come, or that jobs come again."""
        self.draining = draining
        self._send({"type": "drain", "draining": draining})

    def supersede(self) -> None:
        """Close: another connection has the name."""
        self._left = True
        self._dispatcher.remove(self)
        self._connection.close(CloseCode.SUPERSEDED, "another connection has this worker_id")

    # --- The conversation ---------------------------------------------------------------------

    def run(self) -> None:
        """Answer until the worker is gone.

        Raises: simple_websocket.ConnectionClosed.
        """
        try:
            while not self._left:
                text = self._connection.receive()
                if text is not None:
                    self._handle(text)
        except redis.RedisError:
            self._connection.close(CloseCode.RESYNC, "Redis cannot be reached")
        finally:
            self._dispatcher.remove(self)
            if self.worker_id and not self._left:
                self._lost()

    def _lost(self) -> None:
        try:
            self._registry.connection_lost(self.worker_id, self.connection_id)
        except redis.RedisError:
            return  # the reaper puts it offline after one lease

    def _handle(self, text: str | bytes) -> None:
        try:
            items, batch = read_items(text)
        except JobhubError as error:
            self._send(error_message(error))
            return
        answers: list[Answer] = []
        pushes: list[Assignment] = []
        for item in items:
            answer, assignments = self._answer(item)
            answers += answer
            pushes += assignments
        if answers:
            self._send(answers if batch else answers[0])
        if pushes:
            self.assign(pushes)

    def _answer(self, data: bytes) -> tuple[list[Answer], list[Assignment]]:
        request_id = request_id_of(data)
        try:
            message: Any = decode(data, WorkerMessage)
            if isinstance(message, Register):
                answer, assignments = self._register(message)
            else:
                self._require_registered()
                answer, assignments = self._serve(message)
        except Superseded:
            self.supersede()
            return [], []
        except JobhubError as error:
            return [error_message(error, request_id)], []
        if answer is not None and request_id is not None:
            answer["request_id"] = request_id
        return ([] if answer is None else [answer]), assignments

    def _require_registered(self) -> None:
        if not self.worker_id:
            raise InvalidInput("register comes first", field="type", code="out_of_order")

    def _register(self, message: Register) -> tuple[Answer, list[Assignment]]:
        if self.worker_id:
            raise Conflict(
                f"this connection is {self.worker_id} already",
                field="type",
                code="already_registered",
            )
        registration = self._registry.register(message, self.connection_id)
        self.worker_id = message.worker_id
        self.profile = Profile(sorted(set(message.job_types)), message.capabilities).profile_id
        self._places = message.slots + message.prefetch
        record = msgspec.json.decode(registration.worker, type=_Record)
        self.rev = record.rev
        self.draining = record.status == "draining"
        self.holding = len(record.job_ids) - len(registration.assignments)
        answer = {
            "type": "registered",
            "worker": registration.worker,
            **self._times,
            "jobs": registration.jobs,
        }
        self._dispatcher.add(self)
        return answer, registration.assignments

    def _serve(self, message: Any) -> tuple[Answer, list[Assignment]]:
        match message:
            case JobCompleted():
                outcome = self._broker.complete(
                    self.worker_id,
                    message.job_id,
                    message.fence,
                    bytes(message.result),
                    claim=self._wanted(),
                    connection_id=self.connection_id,
                )
                return self._settled(message, "job_completed", outcome)
            case JobFailed():
                outcome = self._broker.fail(
                    self.worker_id,
                    message.job_id,
                    message.fence,
                    message.error,
                    claim=self._wanted(),
                    connection_id=self.connection_id,
                )
                return self._settled(message, "job_failed", outcome)
            case WorkerHeartbeat():
                return self._heartbeat(message.held), []
            case WorkerStatusChange():
                self._registry.set_draining(self.worker_id, message.draining)
                self.draining = message.draining
                self._dispatcher.wake()
                return {"type": "ack", "of": "status"}, []
            case Goodbye():
                self._left = True
                self._dispatcher.remove(self)
                self._registry.goodbye(self.worker_id, self.connection_id)
                return {"type": "ack", "of": "goodbye"}, []
            case message if isinstance(message, _ABOUT_JOB):
                return self._about(message), []
        raise InvalidInput("not expected now", field="type", code="out_of_order")

    def _about(self, message: AboutJob) -> Answer:
        broker, job = self._broker, (self.worker_id, message.job_id, message.fence)
        match message:
            case JobStarted():
                of, verdict = "job_started", broker.start(*job)
            case JobProgress():
                of, verdict = "job_progress", broker.progress(self.worker_id, message)
            case JobLog():
                of, verdict = "job_log", broker.append_log(self.worker_id, message)
            case _:
                of, verdict = "job_released", broker.release(*job)
                self._dispatcher.wake()
        return {"type": verdict, "of": of, "job_id": message.job_id, "fence": message.fence}

    def _wanted(self) -> int:
        """Jobs to claim with a result: what is free once it is recorded."""
        return 0 if self.draining else max(1, self.free + 1)

    def _settled(
        self, message: AboutJob, of: str, outcome: Outcome
    ) -> tuple[Answer, list[Assignment]]:
        self.holding = max(0, self.holding - 1)
        answer = {
            "type": outcome.verdict,
            "of": of,
            "job_id": message.job_id,
            "fence": message.fence,
        }
        return answer, outcome.assignments

    def _heartbeat(self, held: Sequence[HeldJob]) -> Answer:
        verdicts = self._registry.heartbeat(self.worker_id, self.connection_id, held)
        return {"type": "heartbeat_ack", "held": verdicts}

    def _send(self, message: Any) -> None:
        self._connection.send(msgspec.json.encode(message))


class _Record(msgspec.Struct):
    status: str
    rev: int
    job_ids: list[str]
