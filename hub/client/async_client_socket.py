"""The client socket for asyncio: the requests of all tasks on one connection, one task that reads."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any, Final, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from hub import limits
from hub.client.calls import Call
from hub.client.client_socket import NoSocket, NotYet, Unanswered
from hub.client.outcomes import Refusal, make_error
from hub.endpoint import Endpoint
from hub.errors import AccessDenied, LimitReached, TooLarge

T = TypeVar("T")
_AVOID_S: Final = 60.0  # how long HTTP is used after the socket could not be opened


async def open_socket(endpoint: Endpoint) -> ClientConnection:
    """Connect to the hub's client socket.

    Raises: OSError: the hub cannot be reached; AccessDenied: it wants another token.
    """
    # No compression: it costs more CPU than a job. No size limit: the hub is trusted.
    try:
        return await connect(
            endpoint.socket_url("/ws/client"),
            additional_headers=endpoint.headers(),
            compression=None,
            max_size=None,
            proxy=None,
        )
    except InvalidStatus as refusal:
        status = refusal.response.status_code
        if status in (401, 403):
            raise AccessDenied(f"the hub answered {status}") from None
        raise ConnectionError(f"no WebSocket: {refusal}") from None
    except InvalidHandshake as refusal:
        raise ConnectionError(f"no WebSocket: {refusal}") from None


class AsyncClientSocket:
    """One shared connection, opened when it is needed. Belongs to one event loop."""

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._opening = asyncio.Lock()
        self._conversation: _Conversation | None = None
        self._avoid_until = 0.0
        self._followed: set[str] = set()

    async def perform(self, call: Call[T]) -> T:
        """Send a request and wait for its answer.

        Raises: NoSocket, NotYet, Unanswered; hub.errors.JobhubError: the hub's refusal.
        """
        if call.read_message is None or call.body is None or time.monotonic() < self._avoid_until:
            raise NoSocket
        if len(call.body) > limits.BODY_BYTES - 200:
            raise TooLarge(f"at most {limits.BODY_BYTES} bytes are taken", field="body")
        if not call.answer_type:
            return call.read_message(await self._ask(call, call.body))
        followed = call.path.partition("?")[0]
        if followed in self._followed:  # a hub tells a connection once: the second asks over HTTP
            raise NoSocket
        self._followed.add(followed)
        try:
            return call.read_message(await self._ask(call, call.body))
        finally:
            self._followed.discard(followed)

    async def close(self) -> None:
        """Close the connection."""
        async with self._opening:
            if self._conversation is not None:
                await self._conversation.close()
                self._conversation = None

    async def _ask(self, call: Call[Any], body: bytes) -> bytes:
        request_id = str(next(self._numbers))
        head = f'{{"type":"{call.message_type}","request_id":"{request_id}",'
        conversation = await self._open()
        timeout_s = call.wait_s if call.answer_type else self._timeout_s
        slot = _Slot(call.answer_type)
        try:
            async with asyncio.timeout(timeout_s):
                message = await conversation.ask(request_id, head.encode() + body[1:], slot)
        except TimeoutError:
            if call.answer_type:
                raise NotYet from None
            await conversation.close()  # a hub that does not answer is not asked again on it
            raise Unanswered(f"no answer within {timeout_s:g} s") from None
        except ConnectionClosed as end:
            if end.rcvd is not None and end.rcvd.code == 4503:
                raise AccessDenied(end.rcvd.reason or "the hub wants another token") from None
            raise Unanswered(str(end)) from None
        if not slot.refused:
            return message
        error = make_error(msgspec.json.decode(message, type=Refusal))
        raise NoSocket if call.answer_type and isinstance(error, LimitReached) else error

    async def _open(self) -> _Conversation:
        async with self._opening:
            if self._conversation is None or self._conversation.ended:
                try:
                    self._conversation = _Conversation(await open_socket(self._endpoint))
                except ConnectionRefusedError:
                    raise NoSocket from None
                except OSError:
                    self._avoid_until = time.monotonic() + _AVOID_S
                    raise NoSocket from None
            return self._conversation


class _Head(msgspec.Struct):
    type: str
    request_id: str | None = None


class _Slot:
    """A request that waits for its answer."""

    def __init__(self, answer_type: str) -> None:
        self._answer_type = answer_type
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.refused = False

    def hear(self, type_: str, message: bytes) -> None:
        if self._answer_type and type_ not in (self._answer_type, "error"):
            return  # an event on the way to the result
        self.refused = type_ == "error"
        if not self.answer.done():
            self.answer.set_result(message)


class _Conversation:
    """The requests on one connection; its task ends with it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._waiting: dict[str, _Slot] = {}
        self._reader = asyncio.create_task(self._read(), name="jobhub-client-socket")

    @property
    def ended(self) -> bool:
        """Whether the next request needs another connection."""
        return self._reader.done()

    async def ask(self, request_id: str, message: bytes, slot: _Slot) -> bytes:
        """Send a request and wait for its answer.

        Raises: websockets.ConnectionClosed.
        """
        self._waiting[request_id] = slot
        try:
            await self._connection.send(message, text=True)
            return await slot.answer
        finally:
            self._waiting.pop(request_id, None)
            slot.answer.cancel()

    async def close(self) -> None:
        """End the connection; who still waits is told that it is over."""
        await self._connection.close()
        await self._reader

    async def _read(self) -> None:
        try:
            while True:
                message = await self._connection.recv(decode=False)
                head = msgspec.json.decode(message, type=_Head)
                slot = self._waiting.get(head.request_id or "")
                if slot is not None:
                    slot.hear(head.type, message)
        except ConnectionClosed as end:
            for slot in self._waiting.values():
                if not slot.answer.done():
                    slot.answer.set_exception(end)
