"""The client socket: submit, cancel and follow jobs over one connection."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import msgspec
import redis

from hub.decoding import decode
from hub.errors import InvalidInput, JobhubError, LimitReached
from hub.event_log import LoggedEvent
from hub.job_broker import JobBroker, Submission
from hub.job_waiter import JobWaiter
from hub.messages import Cancel, ClientMessage, Follow, Submit, SubmitBatch
from hub.states import FINAL_STATUSES
from hub.ws.connection import Connection
from hub.ws.protocol import CloseCode, error_message, read_items, request_id_of

FOLLOWED_MAX = 1_000


class ClientHandler:
    """Talks with one client."""

    def __init__(self, connection: Connection, broker: JobBroker, waiter: JobWaiter) -> None:
        self._connection = connection
        self._broker = broker
        self._waiter = waiter
        self._following: set[str] = set()
        self._stack = ExitStack()

    def run(self) -> None:
        """Answer until the client is gone.

        Raises: simple_websocket.ConnectionClosed.
        """
        with self._stack:
            while True:
                text = self._connection.receive()
                if text is not None:
                    self._handle(text)

    def _handle(self, text: str | bytes) -> None:
        try:
            items, batch = read_items(text)
        except JobhubError as error:
            self._send(error_message(error))
            return
        try:
            answers = [self._answer(item) for item in items]
        except redis.RedisError:
            self._connection.close(CloseCode.RESYNC, "Redis cannot be reached")
            return
        self._send(answers if batch else answers[0])

    def _answer(self, data: bytes) -> Any:
        request_id = request_id_of(data)
        try:
            answer = self._serve(decode(data, ClientMessage))
        except JobhubError as error:
            return error_message(error, request_id)
        if request_id is not None:
            answer["request_id"] = request_id
        return answer

    def _serve(self, message: Any) -> dict[str, Any]:
        match message:
            case Submit():
                made = self._broker.submit(message, submitted_by="anonymous")
                return {"type": "submitted", "job": made.job, "created": made.created}
            case SubmitBatch():
                results = self._broker.submit_batch(message.jobs, submitted_by="anonymous")
                return {
                    "type": "submitted_batch",
                    "results": [batch_item(item) for item in results],
                }
            case Cancel():
                job = self._broker.cancel(message.job_id, actor="anonymous")
                return {"type": "cancelled", "job": job}
            case Follow():
                return self._follow(message.job_id)
        raise InvalidInput("not expected now", field="type", code="out_of_order")

    def _follow(self, job_id: str) -> dict[str, Any]:
        if len(self._following) >= FOLLOWED_MAX:
            raise LimitReached(f"at most {FOLLOWED_MAX} jobs are followed", field="job_id")
        if job_id not in self._following:
            self._following.add(job_id)
            self._stack.enter_context(self._waiter.hearing(job_id, self._pass_on))
        job = self._broker.get(job_id)
        if job.status in FINAL_STATUSES:
            self._send(_result(job))
        return {"type": "following", "job": job}

    def _pass_on(self, logged: LoggedEvent) -> None:
        """Send an event as it was published; a final one brings the result after it."""
        self._connection.send(b'{"type":"event","event":' + logged.raw + b"}")
        if logged.event.new_status in FINAL_STATUSES and logged.event.job_id:
            try:
                self._send(_result(self._broker.get(logged.event.job_id)))
            except (JobhubError, redis.RedisError) as error:
                self._connection.close(CloseCode.RESYNC, str(error))

    def _send(self, message: Any) -> None:
        self._connection.send(msgspec.json.encode(message))


def batch_item(item: Submission | JobhubError) -> dict[str, Any]:
    """Describe one job of a batch: made, found again, or refused."""
    if isinstance(item, JobhubError):
        refusal = {"code": item.code, "message": item.message, "field": item.field}
        return {"error": refusal}
    return {"job": item.job, "created": item.created}


def _result(job: Any) -> dict[str, Any]:
    return {
        "type": "result",
        "job_id": job.job_id,
        "status": job.status,
        "result": job.result,
        "error": job.error,
    }
