"""`follow`: a job's record as it changes, until its run is over.

Each following has a connection of its own: whoever takes its records slowly holds up nobody else. Where
sockets are blocked the record is read once a second instead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

import msgspec
from websockets.exceptions import ConnectionClosed

from hub.client.async_client_socket import open_socket
from hub.client.job import Job
from hub.client.outcomes import HubUnreachable, Refusal, make_error
from hub.client.repeating import Wait
from hub.endpoint import Endpoint
from hub.errors import AccessDenied, LimitReached, NotFound, Unavailable
from hub.link import Link, LinkClosed
from hub.records import JobError, Progress
from hub.states import FINAL_STATUSES, JobStatus

_POLL_S: Final = 1.0
_AVOID_S: Final = 60.0  # how long the job is polled after the socket could not be opened
_SILENCE_S: Final = 30.0  # then the job is read once: the hub may be gone without a word


class _Type(msgspec.Struct):
    type: str


class _Event(msgspec.Struct):
    rev: int = 0
    timestamp: int = 0
    new_status: JobStatus | msgspec.UnsetType | None = msgspec.UNSET
    job: Job | None = None
    percent: float = 0.0
    message: str | None = None
    current_step: int | None = None
    of_steps: int | None = None
    eta_ms: int | None = None

    @property
    def progress(self) -> Progress:
        return Progress(
            percent=self.percent,
            message=self.message,
            current_step=self.current_step,
            of_steps=self.of_steps,
            eta_ms=self.eta_ms,
            updated_at=self.timestamp,
        )


class _Message(msgspec.Struct):
    type: str
    job: Job | None = None
    event: _Event | None = None
    status: JobStatus | None = None
    run: int = 1
    result: Any = None
    error: JobError | None = None


class Watch:
    """A job's record, folded from what the hub sends; `over` once its run is."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.over = False
        self._job: Job | None = None
        self._told_rev = 0

    @property
    def request(self) -> bytes:
        """The message that begins the following."""
        return msgspec.json.encode({"type": "follow", "job_id": self.job_id})

    def hear(self, text: bytes | str) -> Job | None:
        """Take a message; returns the record when there is something new to tell.

        Raises: hub.errors.JobhubError: the hub's refusal; NotFound: the job was deleted.
        """
        if msgspec.json.decode(text, type=_Type).type == "error":
            raise make_error(msgspec.json.decode(text, type=Refusal))
        message = msgspec.json.decode(text, type=_Message)
        if message.event is not None:
            return self._fold(message.event)
        if message.job is not None:
            return self._take(message.job)
        if message.type != "result" or self._job is None:
            return None
        job = msgspec.structs.replace(
            self._job,
            status=message.status or self._job.status,
            run=message.run,
            result=message.result,
            error=message.error,
        )
        self.over = True
        return job

    def see(self, job: Job) -> Job | None:
        """Take a record that was read; returns it when it is new."""
        self.over = job.status in FINAL_STATUSES
        self._job = job
        return self._tell()

    def differs(self, job: Job) -> bool:
        """Whether a record that was read is newer than the one known."""
        return self._job is None or job.rev > self._job.rev

    def _fold(self, event: _Event) -> Job | None:
        if event.new_status is None:
            raise NotFound(f"no job {self.job_id}", field="job_id")
        if event.job is not None:
            payload = None if self._job is None else self._job.payload
            return self._take(msgspec.structs.replace(event.job, payload=payload))
        if self._job is None or event.rev <= self._job.rev:
            return None
        return self._take(
            msgspec.structs.replace(self._job, rev=event.rev, progress=event.progress)
        )

    def _take(self, job: Job) -> Job | None:
        self._job = job
        return None if job.status in FINAL_STATUSES else self._tell()  # its `result` comes next

    def _tell(self) -> Job | None:
        if self._job is None or self._job.rev <= self._told_rev:
            return None
        self._told_rev = self._job.rev
        return self._job


def follow(endpoint: Endpoint, job_id: str, read: Callable[[], Job]) -> Iterator[Job]:
    """Give the record now and after every change. `read` reads it over HTTP.

    Raises: see `HubClient.follow`.
    """
    watch, waiting, poll_until = Watch(job_id), Wait(job_id, None), 0.0
    while not watch.over:
        connected = False
        try:
            if time.monotonic() < poll_until:
                record = read()
                waiting.heard()
                yield from _some(watch.see(record))
                if record.status not in FINAL_STATUSES:
                    time.sleep(_POLL_S)
                continue
            for job in _listen(endpoint, watch, read):
                connected = True
                yield from _some(job)
        except LinkClosed as end:
            _check(end.code, end.reason)
            if connected:
                waiting.heard()  # until now, however long nothing was told or the caller took
            waiting.endure(_no_answer(endpoint, end))
            time.sleep(_POLL_S)
        except Unavailable as error:
            waiting.endure(error)
            time.sleep(_POLL_S)
        except ConnectionRefusedError as error:
            waiting.endure(_no_answer(endpoint, error))
            time.sleep(_POLL_S)
        except OSError:
            poll_until = time.monotonic() + _AVOID_S


def _listen(endpoint: Endpoint, watch: Watch, read: Callable[[], Job]) -> Iterator[Job | None]:
    """Give what one connection tells, None for a sign of life."""
    link = Link.open(endpoint, "/ws/client")
    try:
        link.send(watch.request)
        while not watch.over:
            messages = link.receive(_SILENCE_S)
            for message in messages:
                yield watch.hear(message)
            if not messages and watch.differs(read()):
                return
    finally:
        link.close()
        link.release()


async def follow_async(
    endpoint: Endpoint, job_id: str, read: Callable[[], Awaitable[Job]]
) -> AsyncIterator[Job]:
    """`follow` for asyncio."""
    watch, waiting, poll_until = Watch(job_id), Wait(job_id, None), 0.0
    while not watch.over:
        connected = False
        try:
            if time.monotonic() < poll_until:
                record = await read()
                waiting.heard()
                for job in _some(watch.see(record)):
                    yield job
                if record.status not in FINAL_STATUSES:
                    await asyncio.sleep(_POLL_S)
                continue
            async for told in _listen_async(endpoint, watch):
                connected = True
                for job in _some(told):
                    yield job
        except ConnectionClosed as end:
            _check(end.rcvd.code if end.rcvd else 1006, end.rcvd.reason if end.rcvd else "")
            if connected:
                waiting.heard()
            waiting.endure(_no_answer(endpoint, end))
            await asyncio.sleep(_POLL_S)
        except Unavailable as error:
            waiting.endure(error)
            await asyncio.sleep(_POLL_S)
        except ConnectionRefusedError as error:
            waiting.endure(_no_answer(endpoint, error))
            await asyncio.sleep(_POLL_S)
        except OSError:
            poll_until = time.monotonic() + _AVOID_S


async def _listen_async(endpoint: Endpoint, watch: Watch) -> AsyncIterator[Job | None]:
    async with await open_socket(endpoint) as connection:
        await connection.send(watch.request, text=True)
        while not watch.over:
            yield watch.hear(await connection.recv(decode=False))


def _some(job: Job | None) -> Iterator[Job]:
    if job is not None:
        yield job


def _check(code: int, reason: str) -> None:
    """Raise where the hub forbids to come back.

    Raises: AccessDenied, LimitReached.
    """
    if code == 4503:
        raise AccessDenied(reason or "the hub wants another token")
    if 4500 <= code < 5000:
        raise LimitReached(reason or f"closed with {code}")


def _no_answer(endpoint: Endpoint, error: Exception) -> HubUnreachable:
    return HubUnreachable(f"no answer from {endpoint.url}: {error}")
