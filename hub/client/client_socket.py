"""Requests over the client socket: a tenth of what a request over HTTP costs the hub.

Any number of threads share one connection. Whoever waits for an answer reads for all who wait, so a
program with one thread has no hand-off between threads at all.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from hub import limits
from hub.client.calls import Call
from hub.client.outcomes import Refusal, make_error
from hub.endpoint import Endpoint
from hub.errors import AccessDenied, TooLarge
from hub.link import Link, LinkClosed

T = TypeVar("T")
IDLE_S: Final = (
    20.0  # nobody answers the hub's pings between requests: an older connection may be gone
)
_AVOID_S: Final = 60.0  # how long HTTP is used after the socket could not be opened


class Unanswered(Exception):
    """The connection ended before the answer: the request may or may not have been done."""


class NoSocket(Exception):
    """There is no way to the hub's sockets, or none now; nothing was sent."""


class _Head(msgspec.Struct):
    type: str
    request_id: str | None = None


class _Slot:
    """A request that waits for its answer."""

    def __init__(self) -> None:
        self.answer: bytes | None = None
        self.refused = False
        self.lost: LinkClosed | None = None
        self.woken = threading.Event()

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

    def perform(self, call: Call[T]) -> T:
        """Send a request and wait for its answer.

        Raises: NoSocket, Unanswered; hub.errors.JobhubError: the hub's refusal.
        """
        read: Callable[[bytes], T] | None = call.read_message
        if read is None or call.body is None or time.monotonic() < self._avoid_until:
            raise NoSocket
        if len(call.body) > limits.BODY_BYTES - 200:
            raise TooLarge(f"at most {limits.BODY_BYTES} bytes are taken", field="body")
        request_id = str(next(self._numbers))
        head = f'{{"type":"{call.message_type}","request_id":"{request_id}",'
        message = head.encode() + call.body[1:]
        conversation = self._open()
        slot = conversation.ask(request_id, message, self._timeout_s)
        if slot.answer is None:
            if slot.lost is not None and slot.lost.code == 4503:
                raise AccessDenied(slot.lost.reason or "the hub wants another token")
            raise Unanswered(str(slot.lost or f"no answer within {self._timeout_s:g} s"))
        if slot.refused:
            raise make_error(msgspec.json.decode(slot.answer, type=Refusal))
        return read(slot.answer)

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

    def ask(self, request_id: str, message: bytes, timeout_s: float) -> _Slot:
        """Send a request and wait until it is answered, the connection is lost or time is up."""
        slot = self._waiting[request_id] = _Slot()
        until = self._used_at = time.monotonic()
        until += timeout_s
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
        if not slot.over:
            self._ended = True  # an answer that comes late is nobody's
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
                slot.refused = head.type == "error"
                slot.answer = message
                slot.woken.set()

    def _lose(self, end: LinkClosed) -> None:
        self._ended = True
        for slot in list(self._waiting.values()):
            slot.lost = slot.lost or end
            slot.woken.set()
