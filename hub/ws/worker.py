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
from hub.job_broker import Assignment, JobBroker, Verdict
from hub.matching import Profile
from hub.messages import (
    AboutJob,
    Goodbye,
    HeldJob,
    JobLog,
    JobProgress,
    Register,
    WorkerHeartbeat,
    WorkerMessage,
    WorkerStatusChange,
)
from hub.reports import Report, report_of
from hub.worker_registry import Forgotten, Superseded, WorkerRegistry
from hub.ws.connection import Connection
from hub.ws.protocol import CloseCode, Patience, Refused, error_message, read_messages

Answer = Any
_RESULTS: Final = frozenset({"job_completed", "job_failed"})
_REPORTS_A_SCRIPT: Final = 200  # about 20 ms in which Redis does nothing else
_BACKLOG_BYTES: Final = 1_000_000  # more waits to be read: nothing new is claimed until it is
_TOGETHER: Final = 32  # messages that waited and are served as one: the busier, the cheaper each


class JobAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a report."""

    type: Verdict
    of: str
    job_id: str
    fence: int
    request_id: str | None = None


class _Turn:
    """What is answered together: reports to settle, answers in the order of the messages, jobs to push."""

    def __init__(self) -> None:
        self.told: list[tuple[AboutJob, Report]] = []
        self.answers: list[Answer] = []
        self.pushes: list[Assignment] = []


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
        self._slots = self._places = 0
        self._left = False
        self._connected_at = 0
        self._patience = Patience()
        self._asked_draining: bool | None = None
        self.worker_id = ""
        self.connection_id = connection.id
        self.profile = Profile([], {})
        self.profile_id = ""
        self.draining = False
        self.holding = 0
        self.told: frozenset[str] = frozenset()
        self.rev = 0

    # --- The peer of the dispatcher -----------------------------------------------------------

    @property
    def free(self) -> int:
        """Slots and prefetch places that nothing holds; none while much waits to be read by the worker."""
        if self._connection.backlog_bytes > _BACKLOG_BYTES:
            return 0
        return self._places - self.holding

    @property
    def waits(self) -> bool:
        """Whether a slot is free: the next job would begin at once."""
        return self.holding < self._slots and self.free > 0

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Push jobs."""
        # The event of a grant may be heard before the answer that brings it.
        self.holding += sum(item.job_id not in self.told for item in assignments)
        self._send({"type": "assign", "jobs": assignments})

    def cancel(self, job_id: str, fence: int, reason: str) -> None:
        """Tell that a grant is over."""
        self._send({"type": "cancel", "job_id": job_id, "fence": fence, "reason": reason})

    def drain(self, draining: bool) -> None:
        """Tell that nothing new will come, or that jobs come again; not to a worker that asked for it."""
        self.draining = draining
        if draining == self._asked_draining:
            return
        self._asked_draining = None
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
                    self._handle([text, *self._connection.receive_waiting(_TOGETHER - 1)])
            self._connection.close(CloseCode.GOODBYE, "goodbye")
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

    def _handle(self, texts: Sequence[str | bytes]) -> None:
        """Serve messages that are here together: what they report is settled at once."""
        turn = _Turn()
        frames: list[tuple[int, bool]] = []
        for text in texts:
            items, batch = _read(text)
            frames.append((len(items), batch))
            for message in items:
                self._take(message, turn)
            if self._left:
                break
        self._settle(turn)
        for size, batch in frames:
            answers, turn.answers = turn.answers[:size], turn.answers[size:]
            if answers:  # none for who was superseded
                self._send(answers if batch else answers[0])
        if turn.pushes:
            self.assign(turn.pushes)
        if self._patience.lost:
            self._connection.close(CloseCode.LIMIT, "too many messages that make no sense")

    def _take(self, message: Any, turn: _Turn) -> None:
        """Answer a message, or put it to the reports that are settled together."""
        try:
            report = self._report(message)
            if report is not None:
                turn.told.append((message, report))
                if len(turn.told) >= _REPORTS_A_SCRIPT:
                    self._settle(turn)
                return
            self._settle(turn)
            self._answer(message, turn)
        except Superseded:
            self.supersede()
        except Forgotten as error:
            self._left = True
            self._dispatcher.remove(self)
            self._connection.close(CloseCode.RESYNC, error.message)
        except JobhubError as error:
            self._settle(turn)
            self._patience.hear(error)
            turn.answers.append(error_message(error, message.request_id))

    def _report(self, message: Any) -> Report | None:
        """Turn what is said of a grant's life into a report; several are settled at once."""
        if isinstance(message, Refused):
            raise message.error
        if not isinstance(message, AboutJob):
            return None
        self._require_registered()
        return report_of(message)

    def _settle(self, turn: _Turn) -> None:
        """Record what was told so far, and take jobs for the slots that this frees."""
        if not turn.told:
            return
        ended = sum(report.of in _RESULTS for _, report in turn.told)
        settlement = self._broker.settle(
            self.worker_id,
            [report for _, report in turn.told],
            claim=self._wanted(ended),
            connection_id=self.connection_id,
        )
        for (message, report), verdict in zip(turn.told, settlement.verdicts, strict=True):
            turn.answers.append(
                JobAnswer(verdict, report.of, message.job_id, message.fence, message.request_id)
            )
        self.holding = max(0, self.holding - ended)
        if any(report.of == "job_released" for _, report in turn.told):
            self._dispatcher.wake()
        self._dispatcher.given(settlement.assignments)
        turn.pushes += settlement.assignments
        turn.told.clear()

    def _answer(self, message: Any, turn: _Turn) -> None:
        if isinstance(message, Register):
            answer, assignments = self._register(message)
            turn.pushes += assignments
        else:
            self._require_registered()
            answer = self._serve(message)
        if message.request_id is not None:
            answer["request_id"] = message.request_id
        turn.answers.append(answer)

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
        self.profile = Profile(sorted(set(message.job_types)), message.capabilities)
        self.profile_id = self.profile.profile_id
        self._slots, self._places = message.slots, message.slots + message.prefetch
        record = msgspec.json.decode(registration.worker, type=_Record)
        self.rev = record.rev
        self._connected_at = record.connected_at
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

    def _serve(self, message: Any) -> Answer:
        match message:
            case WorkerHeartbeat():
                return self._heartbeat(message.held)
            case WorkerStatusChange():
                return self._change_status(message.draining)
            case Goodbye():
                self._left = True
                self._dispatcher.remove(self)
                self._registry.goodbye(self.worker_id, self.connection_id)
                return {"type": "ack", "of": "goodbye"}
            case JobProgress():
                return _about(
                    message, "job_progress", self._broker.progress(self.worker_id, message)
                )
            case JobLog():
                return _about(message, "job_log", self._broker.append_log(self.worker_id, message))
        raise InvalidInput("not expected now", field="type", code="out_of_order")

    def _change_status(self, draining: bool) -> Answer:
        self._asked_draining = draining
        worker = self._registry.set_draining(self.worker_id, draining)
        # Events before this one are of the past: they must not tell the worker to do the opposite.
        self.rev, self.draining = worker.rev, draining
        self.holding = len(worker.job_ids)
        self._dispatcher.wake()
        return {"type": "ack", "of": "status"}

    def _wanted(self, ended: int) -> int:
        """Jobs to claim with `ended` results: what is free once they are recorded."""
        behind = self._connection.backlog_bytes > _BACKLOG_BYTES
        return 0 if self.draining or behind or not ended else max(1, self.free + ended)

    def _heartbeat(self, held: Sequence[HeldJob]) -> Answer:
        verdicts = self._registry.heartbeat(
            self.worker_id, self.connection_id, held, connected_at=self._connected_at
        )
        return {"type": "heartbeat_ack", "held": verdicts}

    def _send(self, message: Any) -> None:
        self._connection.send(msgspec.json.encode(message))


def _read(text: str | bytes) -> tuple[list[Any], bool]:
    try:
        return read_messages(text, WorkerMessage)
    except JobhubError as error:
        return [Refused(error, None)], False


def _about(message: AboutJob, of: str, verdict: Verdict) -> Answer:
    return {"type": verdict, "of": of, "job_id": message.job_id, "fence": message.fence}


class _Record(msgspec.Struct):
    status: str
    rev: int
    connected_at: int
    job_ids: list[str]
