"""The jobs that one client follows: their events as they come, then the result.

Events are heard in the replicator's thread, which must not wait: it hands them to the connection's outbox
and leaves what needs Redis (the result) to a thread of this client, which exists once something is followed.
"""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import ExitStack
from typing import Any, Final

import msgspec
import redis

from hub.errors import LimitReached, NotFound
from hub.event_log import LoggedEvent
from hub.job_broker import JobBroker
from hub.job_waiter import JobWaiter
from hub.records import Job, JobError
from hub.states import FINAL_STATUSES, JobStatus
from hub.ws.connection import Connection
from hub.ws.protocol import CloseCode

FOLLOWED_MAX: Final = 1_000
_HELD_MAX: Final = (
    1_000  # events of a job before its answer is sent; more: the client is asked to come back
)

log = logging.getLogger(__name__)


class FollowedEvent(msgspec.Struct, tag_field="type", tag="event", omit_defaults=True):
    """An event of a followed job, as it was published."""

    event: msgspec.Raw
    request_id: str | None = None


class FollowedResult(msgspec.Struct, tag_field="type", tag="result", omit_defaults=True):
    """The end of a followed job's run, and of the following."""

    job_id: str
    status: JobStatus
    run: int
    result: msgspec.Raw | None = None
    error: JobError | None = None
    request_id: str | None = None


class _Revision(msgspec.Struct):
    rev: int | None = None


class _Revised(_Revision):
    job: _Revision | None = None

    @property
    def at(self) -> int | None:
        return self.rev if self.job is None else self.job.rev


class _Followed:
    """One job. `rev` and `over` are what the answer shows; `held`: events heard before it was sent."""

    def __init__(self, job_id: str, request_id: str | None) -> None:
        self.job_id = job_id
        self.request_id = request_id
        self.rev = 0
        self.over = False
        self.held: list[LoggedEvent] | None = []
        self.hearing = ExitStack()


class Following:
    """What one client follows."""

    def __init__(self, connection: Connection, broker: JobBroker, waiter: JobWaiter) -> None:
        self._connection = connection
        self._broker = broker
        self._waiter = waiter
        self._followed: dict[str, _Followed] = {}
        self._fresh: list[_Followed] = []
        self._lock = threading.Lock()
        self._to_look: queue.SimpleQueue[_Followed | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, job_id: str, request_id: str | None) -> Job:
        """Follow a job from now on; nothing is sent of it before `answered`.

        Raises: NotFound; LimitReached: 1,000 jobs are followed.
        """
        if len(self._followed) >= FOLLOWED_MAX:
            raise LimitReached(f"at most {FOLLOWED_MAX} jobs are followed", field="job_id")
        self._forget(self._followed.get(job_id))
        followed = _Followed(job_id, request_id)
        # Heard before it is read: what happens in between is held, not missed.
        followed.hearing.enter_context(
            self._waiter.hearing(job_id, lambda logged: self._hear(followed, logged))
        )
        try:
            job = self._broker.get(job_id)
        except BaseException:
            followed.hearing.close()
            raise
        followed.rev, followed.over = job.rev, job.status in FINAL_STATUSES
        self._followed[job_id] = followed
        self._fresh.append(followed)
        self._require_thread()
        return job

    def answered(self) -> None:
        """Pass on what happened to the jobs just followed since they were read."""
        fresh, self._fresh = self._fresh, []
        for followed in fresh:
            with self._lock:
                held, followed.held = followed.held or [], None
                for logged in held:
                    self._tell(followed, logged)
            if followed.over:  # otherwise the event of its end tells when to look
                self._to_look.put(followed)

    def close(self) -> None:
        """Hear nothing more and end the thread."""
        for followed in list(self._followed.values()):
            self._forget(followed)
        self._to_look.put(None)

    def _hear(self, followed: _Followed, logged: LoggedEvent | None) -> None:
        if logged is None:
            self._to_look.put(followed)
            return
        with self._lock:
            if followed.held is None:
                self._tell(followed, logged)
            elif len(followed.held) < _HELD_MAX:
                followed.held.append(logged)
            else:
                self._connection.close(CloseCode.RESYNC, "too much happened to a job meanwhile")

    def _tell(self, followed: _Followed, logged: LoggedEvent) -> None:
        rev = msgspec.json.decode(logged.raw, type=_Revised).at
        if rev is not None and rev <= followed.rev:
            return  # the answer showed it already
        self._send(FollowedEvent(msgspec.Raw(logged.raw), followed.request_id))
        if logged.event.new_status in FINAL_STATUSES:
            self._to_look.put(followed)

    def _require_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="following", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (followed := self._to_look.get()) is not None:
            try:
                self._look(followed)
            except redis.RedisError:
                self._connection.close(CloseCode.RESYNC, "Redis cannot be reached")
                return
            except Exception:  # a client that waits for a result in silence would wait for ever
                log.exception("a result could not be sent")
                self._connection.close(CloseCode.RESYNC, "the hub failed; its log says why")
                return

    def _look(self, followed: _Followed) -> None:
        """Send the result of a job whose run is over; that ends its following."""
        if self._followed.get(followed.job_id) is not followed:
            return
        try:
            job = self._broker.get(followed.job_id)
        except NotFound:
            self._forget(followed)
            return
        if job.status in FINAL_STATUSES:
            self._forget(followed)
            self._send(
                FollowedResult(
                    job.job_id, job.status, job.run, job.result, job.error, followed.request_id
                )
            )

    def _forget(self, followed: _Followed | None) -> None:
        if followed is not None:
            self._followed.pop(followed.job_id, None)
            followed.hearing.close()

    def _send(self, message: Any) -> None:
        self._connection.send(msgspec.json.encode(message))
