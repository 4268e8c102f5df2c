"""A worker's life on the hub: connect, register, keep leases, take jobs, deliver results, come back.

    connecting ──▶ registered ──▶ (cut) ──▶ backing off ──▶ connecting …
                        │
                        └─ drain: no new jobs ─▶ nothing held ─▶ goodbye ─▶ over

Two threads: one reads the connection and makes a new one when it breaks; the outbox's thread says
what is due by the clock. What a hub may have missed is said again to the next one: it answers a
repeat with `ack`, so a result is recorded once.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from hub.endpoint import Endpoint
from hub.link import CONNECT_S, Link, LinkClosed
from hub.worker.execution import Execution
from hub.worker.grants import Grants
from hub.worker.outbox import Outbox
from hub.worker.wire import (
    Ack,
    Assign,
    Assignment,
    Cancel,
    Drain,
    HeartbeatAck,
    HeldVerdict,
    HubMessage,
    Refusal,
    Register,
    Registered,
    Stale,
    read,
    write,
    write_about,
)

BACKOFF_BASE_S: Final = 0.1
BACKOFF_CAP_S: Final = 5.0  # a sixth of the lease: several tries fit into it
ACCEPT_WITHIN_S: Final = 1.0  # the hub takes a job back that nobody mentions for 5 s
LOOK_EVERY_S: Final = 1.0  # what comes meanwhile to be due is found so late at most
GOODBYE_S: Final = 5.0
_PASSING: Final = frozenset({"unavailable", "limit_reached"})
_SILENT_BEATS: Final = 2.5  # unanswered heartbeats after which the connection counts as dead

log = logging.getLogger("hub.worker")


class WorkerRefused(Exception):
    """The hub does not want this worker, and coming back would not help; the text says why."""


class Session:
    """Keeps a worker on the hub until it has drained, left or was refused.

    Args: profile: what the worker says of itself. take: gets jobs to run.
          take_back: gives up what has not begun.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        profile: Register,
        take: Callable[[list[Execution]], None],
        take_back: Callable[[], list[Execution]],
    ) -> None:
        self._endpoint = endpoint
        self._profile = profile
        self._take = take
        self._take_back = take_back
        self.outbox = Outbox()
        self.grants = Grants(self.outbox)
        self._registered = threading.Event()
        self._wake = threading.Event()
        self._link: Link | None = None
        self._beat_s = 10.0
        self._beat_at = 0.0
        self._accept_at = float("inf")
        self._draining = self._drain_said = False
        self._leaving_at: float | None = None
        self.refused: WorkerRefused | None = None
        self.ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._stay, name="hub-reader", daemon=True),
            threading.Thread(
                target=self.outbox.run, args=(self._tend,), name="hub-writer", daemon=True
            ),
        ]

    # --- For the worker -----------------------------------------------------------------------

    def start(self) -> None:
        """Connect, in the background."""
        for thread in self._threads:
            thread.start()

    def wait_registered(self, timeout_s: float) -> bool:
        """Wait until the hub has the worker; False when it has not in time."""
        return self._registered.wait(timeout_s)

    @property
    def draining(self) -> bool:
        """Whether this worker is on its way out."""
        return self._draining

    def drain(self) -> None:
        """Take nothing new, finish and deliver what runs, then say goodbye. Returns at once."""
        self._draining = True
        self.outbox.poke()
        self._wake.set()

    def leave(self) -> None:
        """Say goodbye now: the hub gives what is held to others. Returns at once."""
        self._draining = True
        if self._leaving_at is None:
            self._leaving_at = time.monotonic()
        self.grants.cancel_all("shutdown")
        self.outbox.say_now(write("goodbye"))
        self.outbox.poke()
        self._wake.set()

    def begin(self, execution: Execution) -> bool:
        """Note that a handler begins; False when nobody wants the result any more."""
        if execution.job.cancelled:
            self.finish(execution, write_about("job_released", execution.job_id, execution.fence))
            return False
        execution.started = execution.accepted = True
        self.outbox.say(write_about("job_started", execution.job_id, execution.fence))
        return True

    def finish(self, execution: Execution, result: bytes, *, hurry: bool = True) -> None:
        """Deliver a result; kept until the hub has answered it.

        Args: hurry: nothing else will be said in a moment.
        """
        messages: list[bytes] = []
        execution.report(messages.extend, 0.0, last=True)
        execution.result = result
        messages.append(result)
        if hurry or self.outbox.overdue:
            self.outbox.say_now(*messages)
        else:
            self.outbox.say(*messages)

    # --- The connection -----------------------------------------------------------------------

    def _stay(self) -> None:
        tries = 0
        try:
            while not self._over():
                hint_s = 0.0
                try:
                    self._talk()
                except LinkClosed as end:
                    hint_s = end.hint_s
                    tries = 1 if self._registered.is_set() else tries + 1
                    self._lose(end)
                except OSError as error:
                    tries += 1
                    log.warning("cannot reach %s: %s", self._endpoint.url, error)
                if not self._over():
                    self._back_off(tries, hint_s)
        except WorkerRefused as refusal:
            self.refused = refusal
        finally:
            self.grants.cancel_all("shutdown")
            self.outbox.stop()
            self.ended.set()

    def _over(self) -> bool:
        """Whether there is nothing to come back for."""
        return self._leaving_at is not None or (self._draining and not self.grants)

    def _back_off(self, tries: int, hint_s: float) -> None:
        """Wait for a random time that grows with every try, or until the hub asked to come back."""
        most_s = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2 ** min(tries, 10))
        self._wake.wait(max(hint_s, random.uniform(0, most_s)))
        self._wake.clear()

    def _lose(self, end: LinkClosed) -> None:
        self._registered.clear()
        if end.final:
            raise WorkerRefused(f"the hub closed the connection with {end.code}: {end.reason}")
        if not self._over():
            log.info("connection to %s %s", self._endpoint.url, end)

    def _talk(self) -> None:
        """Register and listen until the connection ends; returns after goodbye."""
        link = self._link = Link.open(self._endpoint, "/ws/worker")
        try:
            self._register(link)
            heard_at = time.monotonic()
            while True:
                messages = link.receive(self._beat_s)
                if messages:
                    heard_at = time.monotonic()
                elif time.monotonic() - heard_at > _SILENT_BEATS * self._beat_s:
                    raise LinkClosed(1006, "the hub is silent")
                for message in messages:
                    for item in read(message):
                        if self._hear(item):
                            return
        except msgspec.DecodeError as error:
            raise LinkClosed(1006, f"not understood: {error}") from None
        finally:
            self.outbox.detach()
            link.close()
            link.release()

    def _register(self, link: Link) -> None:
        named = msgspec.structs.replace(self._profile, resume=self.grants.named())
        link.send(msgspec.json.encode(named))
        for message in self._first(link):
            for item in read(message):
                if isinstance(item, Refusal):
                    raise _as_end(item)
                if isinstance(item, Registered):
                    self._welcome(link, item)
                else:
                    self._hear(item)

    def _first(self, link: Link) -> list[bytes]:
        until = time.monotonic() + CONNECT_S
        while (left_s := until - time.monotonic()) > 0:
            messages = link.receive(left_s)
            if messages:
                return messages
        raise LinkClosed(1006, "no answer to the registration")

    def _welcome(self, link: Link, registered: Registered) -> None:
        self.grants.obey(registered.jobs)
        self._beat_s = registered.heartbeat_ms / 1000
        self._beat_at = time.monotonic() + self._beat_s
        self._drain_said = False
        self.outbox.attach(link, self.grants.told_again())
        self._registered.set()
        self.outbox.poke()

    # --- What the hub says --------------------------------------------------------------------

    def _hear(self, item: HubMessage) -> bool:
        """Do as the hub says; True when the goodbye was heard."""
        match item:
            case Ack():
                self.grants.answered(item.of, item.fence)
                self._look_if_drained()
                return item.of == "goodbye"
            case Assign():
                self._assigned(item.jobs)
            case Stale():
                self.grants.stale(item)
                self._look_if_drained()
            case HeartbeatAck():
                self.grants.obey(item.held)
            case Cancel():
                self.grants.obey([HeldVerdict(item.job_id, item.fence, "cancel")], item.reason)
            case Drain():
                log.info("the hub %s", "drains this worker" if item.draining else "goes on")
            case Refusal():
                self._refused(item)
            case Registered():
                raise LinkClosed(1006, "registered twice")
        return False

    def _look_if_drained(self) -> None:
        if self._draining and not self.grants:
            self.outbox.poke()

    def _assigned(self, jobs: Sequence[Assignment]) -> None:
        executions = self.grants.add(jobs)
        if self._draining:
            for execution in executions:
                self._give_back(execution)
        elif executions:
            self._accept_at = min(self._accept_at, time.monotonic() + ACCEPT_WITHIN_S)
            self._take(executions)

    def _refused(self, item: Refusal) -> None:
        log.warning("the hub refused a message: %s", _explain(item))
        instead = self.grants.refused(item.request_id, _explain(item))
        if instead is not None:
            self.outbox.say_now(instead)

    # --- What is due by the clock -------------------------------------------------------------

    def _tend(self) -> float:
        """Say what is due; returns the seconds until something is due again."""
        now = time.monotonic()
        if self._leaving_at is not None:
            return self._leave_in_time(now)
        if not self._registered.is_set():
            return 1.0
        if self._draining:
            self._drain_on(now)
        if now >= self._accept_at and self.grants.unaccepted:
            self._beat_at = now
        if now >= self._accept_at:
            self._accept_at = float("inf")
        if now >= self._beat_at:
            self._beat_at = now + self._beat_s
            self._beat()
        return max(0.0, min(self._beat_at, self._accept_at, now + LOOK_EVERY_S) - now)

    def _beat(self) -> None:
        """Renew the lease of everything held; that also accepts what waits for a thread."""
        self.outbox.say_now(write("heartbeat", held=self.grants.named()))

    def _drain_on(self, now: float) -> None:
        if not self._drain_said:
            self._drain_said = True
            self.outbox.say_now(write("status", draining=True))
            for execution in self._take_back():
                self._give_back(execution)
        if not self.grants:
            self._leaving_at = now
            self.outbox.say_now(write("goodbye"))

    def _give_back(self, execution: Execution) -> None:
        self.finish(execution, write_about("job_released", execution.job_id, execution.fence))

    def _leave_in_time(self, now: float) -> float:
        """A hub that does not answer the goodbye does not hold up the worker."""
        left_s = (self._leaving_at or now) + GOODBYE_S - now
        if left_s <= 0 and self._link is not None:
            self._link.abort()
            return 1.0
        return max(0.01, left_s)


def _as_end(item: Refusal) -> Exception:
    """A registration was refused: for good, or because the hub cannot serve anybody just now."""
    if item.code in _PASSING:
        return LinkClosed(1013, _explain(item))
    return WorkerRefused(_explain(item))


def _explain(item: Refusal) -> str:
    where = f"{item.field}: " if item.field else ""
    return f"{where}{item.message} ({item.code})"
