"""The client socket: submit, cancel and follow jobs over one connection.

Any refusal is an `error` that names the field and leaves the connection open; limits and
authentication close it. When Redis cannot be reached the client is asked to come back.
"""

from __future__ import annotations

from typing import Any

import msgspec
import redis

from hub.errors import InvalidInput, JobhubError, NotFound
from hub.intake import Intake
from hub.job_broker import JobBroker, Submission
from hub.job_waiter import JobWaiter
from hub.messages import Cancel, ClientMessage, Follow, Submit, SubmitBatch
from hub.roles import Caller
from hub.ws.connection import Connection
from hub.ws.following import Following
from hub.ws.protocol import CloseCode, Patience, Refused, error_message, read_messages


class ClientHandler:
    """Talks with one client."""

    def __init__(
        self,
        connection: Connection,
        broker: JobBroker,
        intake: Intake,
        waiter: JobWaiter,
        caller: Caller,
    ) -> None:
        self._caller = caller
        self._connection = connection
        self._broker = broker
        self._intake = intake
        self._following = Following(connection, broker, waiter)
        self._patience = Patience()

    def run(self) -> None:
        """Answer until the client is gone.

        Raises: simple_websocket.ConnectionClosed.
        """
        try:
            while True:
                text = self._connection.receive()
                if text is not None:
                    self._handle(text)
        except redis.RedisError:
            self._connection.close(CloseCode.RESYNC, "Redis cannot be reached")
        finally:
            self._following.close()

    def _handle(self, text: str | bytes) -> None:
        try:
            items, batch = read_messages(text, ClientMessage)
        except JobhubError as error:
            self._send(self._refuse(error, None))
        else:
            answers = [self._answer(message) for message in items]
            self._send(answers if batch else answers[0])
            self._following.answered()
        if self._patience.lost:
            self._connection.close(CloseCode.LIMIT, "too many messages that make no sense")

    def _answer(self, message: Any) -> Any:
        try:
            answer = self._serve(message)
        except JobhubError as error:
            return self._refuse(error, message.request_id)
        if message.request_id is not None:
            answer["request_id"] = message.request_id
        return answer

    def _refuse(self, error: JobhubError, request_id: str | None) -> Any:
        self._patience.hear(error)
        return error_message(error, request_id)

    def _serve(self, message: Any) -> dict[str, Any]:
        match message:
            case Refused():
                raise message.error
            case Submit():
                made = self._intake.submit(message, submitted_by=self._caller.name)
                return {"type": "submitted", "job": made.job, "created": made.created}
            case SubmitBatch():
                results = self._intake.submit_batch(message.jobs, submitted_by=self._caller.name)
                return {
                    "type": "submitted_batch",
                    "results": [batch_item(item) for item in results],
                }
            case Cancel():
                self._check_own(message.job_id)
                job = self._broker.cancel(message.job_id, actor=self._caller.actor)
                return {"type": "cancelled", "job": job}
            case Follow():
                self._check_own(message.job_id)
                job = self._following.begin(message.job_id, message.request_id)
                return {"type": "following", "job": job}
        raise InvalidInput("not expected now", field="type", code="out_of_order")

    def _check_own(self, job_id: str) -> None:
        """Hide a job from a client that did not submit it; Redis: HMGET, for clients only."""
        if self._caller.role == "client" and not self._caller.may_see(
            self._broker.get(job_id).submitted_by
        ):
            raise NotFound(f"no job {job_id}", field="job_id")

    def _send(self, message: Any) -> None:
        self._connection.send(msgspec.json.encode(message))


def batch_item(item: Submission | JobhubError) -> dict[str, Any]:
    """Describe one job of a batch: made, found again, or refused."""
    if isinstance(item, JobhubError):
        refusal = {"code": item.code, "message": item.message, "field": item.field}
        return {"error": refusal}
    return {"job": item.job, "created": item.created}
