"""Requests over the client socket: a tenth of what a request over HTTP costs the hub.

Any number of threads share one connection. Whoever waits for an answer reads for all who wait, so a
program with one thread has no hand-off between threads at all.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import msgspec

from hub import limits
from hub.client.calls import Call
from hub.client.outcomes import Refusal, make_error
from hub.endpoint import Endpoint
from hub.errors import AccessDenied, LimitReached, TooLarge
from hub.link import Link, LinkClosed

T = TypeVar("T")
IDLE_S: Final = (
    20.0  # nobody answers the hub's pings between requests: an older connection may be gone
)
_AVOID_S: Final = 60.0  # how long HTTP is used after the socket could not be opened


class Unanswered(Exception):
    """The connection ended before the answer: the request may or may not have been done."""


class NotYet(Exception):
    """What was waited for has not come in time."""


class NoSocket(Exception):
    """There is no way to the hub's sockets, or none now; nothing was sent."""


class _Head(msgspec.Struct):
    type: str
    request_id: str | None = None


class _Slot:
    """A request that waits for its answer."""

    def __init__(self, answer_type: str) -> None:
        self.answer_type = answer_type
        self.answer: bytes | None = None
        self.refused = False
        self.lost: LinkClosed | None = None
        self.woken = threading.Event()

    def hear(self, type_: str, message: bytes) -> None:
        if self.answer_type and type_ not in (self.answer_type, "error"):
            return  # an event on the way to the result
        self.refused = type_ == "error"
        self.answer = message
        self.woken.set()

    @property
    def over(self) -> bool:
        return self.answer is not None or self.lost is not None


class ClientSocket:
    """One shared connection, opened when it is needed."""

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._opening = threading.Lock()
        self._conversation: _Conversation | None = None
        self._avoid_until = 0.0
        self._followed: set[str] = set()

    def perform(self, call: Call[T]) -> T:
        """Send a request and wait for its answer.

        Raises: NoSocket, NotYet, Unanswered; hub.errors.JobhubError: the hub's refusal.
        """
        read: Callable[[bytes], T] | None = call.read_message
        if read is None or call.body is None or time.monotonic() < self._avoid_until:
            raise NoSocket
        if len(call.body) > limits.BODY_BYTES - 200:
            raise TooLarge(f"at most {limits.BODY_BYTES} bytes are taken", field="body")
        with self._followed_once(call):
            return read(self._ask(call, call.body))

    def _ask(self, call: Call[Any], body: bytes) -> bytes:
        request_id = str(next(self._numbers))
        head = f'{{"type":"{call.message_type}","request_id":"{request_id}",'
        timeout_s = call.wait_s if call.answer_type else self._timeout_s
        slot = self._open().ask(request_id, head.encode() + body[1:], call.answer_type, timeout_s)
        if slot.answer is not None and slot.refused:
            error = make_error(msgspec.json.decode(slot.answer, type=Refusal))
            raise NoSocket if call.answer_type and isinstance(error, LimitReached) else error
        if slot.answer is not None:
            return slot.answer
        if slot.lost is None and call.answer_type:
            raise NotYet
        if slot.lost is not None and slot.lost.code == 4503:
            raise AccessDenied(slot.lost.reason or "the hub wants another token")
        raise Unanswered(str(slot.lost or f"no answer within {timeout_s:g} s"))

    @contextmanager
    def _followed_once(self, call: Call[Any]) -> Iterator[None]:
        """Send a second thread that waits for the same job over HTTP: a hub tells a connection once."""
        if not call.answer_type:
            yield
            return
        key = call.path.partition("?")[0]
        with self._opening:
            if key in self._followed:
                raise NoSocket
            self._followed.add(key)
        try:
            yield
        finally:
            self._followed.discard(key)

    def close(self) -> None:
        """Close the connection."""
        with self._opening:
            if self._conversation is not None:
                self._conversation.close()
                self._conversation = None

    def _open(self) -> _Conversation:
        with self._opening:
            current = self._conversation
            if current is not None and current.usable():
                return current
            if current is not None:
                current.close()
            try:
                self._conversation = _Conversation(Link.open(self._endpoint, "/ws/client"))
            except LinkClosed as refusal:
                raise AccessDenied(str(refusal)) from None
            except ConnectionRefusedError:
                raise NoSocket from None
            except OSError:
                self._avoid_until = time.monotonic() + _AVOID_S
                raise NoSocket from None
            return self._conversation


class _Conversation:
    """The requests on one connection."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: dict[str, _Slot] = {}
        self._reading = threading.Lock()
        self._used_at = time.monotonic()
        self._ended = False

    def usable(self) -> bool:
        """Whether the next request may go this way."""
        if self._ended or (not self._waiting and time.monotonic() - self._used_at > IDLE_S):
            return False
        if self._reading.acquire(blocking=False):
            try:
                self._read(0.0)
            finally:
                self._reading.release()
        return not self._ended

    def ask(self, request_id: str, message: bytes, answer_type: str, timeout_s: float) -> _Slot:
        """Send a request and wait until it is answered, the connection is lost or time is up."""
        slot = self._waiting[request_id] = _Slot(answer_type)
        until = time.monotonic() + timeout_s
        try:
            self._link.send(message)
            while not slot.over and (left_s := until - time.monotonic()) > 0:
                if self._reading.acquire(blocking=False):
                    self._read_for(slot, left_s)
                else:
                    slot.woken.wait(left_s)
                    slot.woken.clear()
        except LinkClosed as end:
            self._lose(end)
        finally:
            self._waiting.pop(request_id, None)
        self._used_at = time.monotonic()
        if not slot.over and not answer_type:
            self._ended = True  # a hub that does not answer is not asked again on this connection
        return slot

    def close(self) -> None:
        """End the connection."""
        self._ended = True
        self._link.close()
        self._link.release()

    def _read_for(self, slot: _Slot, timeout_s: float) -> None:
        """Read until `slot` has its answer; then let another one who waits go on."""
        try:
            if not slot.over:
                self._read(timeout_s)
        finally:
            self._reading.release()
        if slot.over:
            for other in list(self._waiting.values()):
                if not other.over:
                    other.woken.set()
                    break

    def _read(self, timeout_s: float) -> None:
        try:
            messages = self._link.receive(timeout_s)
        except LinkClosed as end:
            self._lose(end)
            return
        for message in messages:
            head = msgspec.json.decode(message, type=_Head)
            slot = self._waiting.get(head.request_id or "")
            if slot is not None:
                slot.hear(head.type, message)

    def _lose(self, end: LinkClosed) -> None:
        self._ended = True
        for slot in list(self._waiting.values()):
            slot.lost = slot.lost or end
            slot.woken.set()
