"""Drives every script of the core, on two hubs, against a plain model of what they promise.

CI runs a bounded, derandomized share; `HYPOTHESIS_PROFILE=long` looks for bugs (docs/states.md).
"""

from __future__ import annotations

import inspect
import itertools
import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hub import reports, scripts
from hub.config import load_settings
from hub.errors import JobhubError
from hub.job_broker import JobBroker, Submission
from hub.keys import Keys
from hub.lane_fitter import LaneFitter
from hub.messages import HeldJob, JobProgress, Register, ReportedError, SubmitRequest
from hub.redis_service import RedisService
from hub.states import JOB_MOVES
from hub.worker_registry import Superseded, WorkerRegistry
from tests.model.plain import LEASE_MS, Plain, PlainJob, PlainWorker
from tests.model.stored import (
    EventCheck,
    Stored,
    check_grants,
    check_heads,
    check_indexes,
    check_nothing_left,
    check_records,
)

TYPES = ("a", "b")
WORKERS = ("w1", "w2", "w3")
KEEP_MS = 3_600_000
KINDS = ("start", "start", "complete", "fail", "fail", "give up", "release")

T = TypeVar("T")

_numbers = itertools.count()
_retries = st.sampled_from(
    [
        {"kind": "exponential", "base_s": 2.0, "cap_s": 5.0, "jitter": 0.25},
        {"kind": "fixed", "base_s": 1.0, "cap_s": 900.0, "jitter": 0.0},
        {"kind": "none", "base_s": 2.0, "cap_s": 900.0, "jitter": 0.25},
    ]
)
_submissions = st.fixed_dictionaries(
    {
        "job_type": st.sampled_from(TYPES),
        "priority": st.sampled_from([0, 1, 50, 100]),
        "max_attempts": st.sampled_from([1, 3, 3]),
        "timeout_s": st.sampled_from([3.0, 40.0, 3600.0]),
        "retry": _retries,
    },
    optional={
        "requirements": st.sampled_from([{"must": {"gpu": 1}}, {"must": {"gpu": 2}}]),
        "delay_s": st.sampled_from([0.001, 6.0, 60.0]),
        "workflow_id": st.sampled_from(["f1", "f2"]),
        "workflow_priority": st.sampled_from([0, 70]),
        "idempotency_key": st.sampled_from(["k1", "k2"]),
    },
)


def _report(kind: str, job_id: str, fence: int) -> reports.Report:
    if kind == "start":
        return reports.started(job_id, fence)
    if kind == "complete":
        return reports.completed(job_id, fence, b'{"ok":true}')
    if kind == "release":
        return reports.released(job_id, fence)
    type_ = "Broken" if kind == "fail" else "Fatal"
    return reports.failed(
        job_id, fence, ReportedError(type=type_, retryable=kind == "fail", traceback="t")
    )


def operation(**arguments: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Mark a method that a step may call, with what it draws."""

    def mark(method: Any) -> Any:
        method.arguments = st.fixed_dictionaries(arguments)
        method.draws = "data" in inspect.signature(method).parameters
        return method

    return mark


# How often each is drawn. One rule, not one a method: the machine would leave out random ones each time, and
# most of what matters needs many of them together.
WEIGHTS = {
    "submit": 3,
    "work": 6,
    "settle": 14,
    "maintain": 5,
    "act": 4,
    "update": 3,
    "heartbeat": 2,
    "register": 1,
    "reconnect": 2,
    "progress": 1,
    "claim": 1,
    "leave": 1,
    "pause": 1,
    "drain": 1,
    "pass_time": 1,
    "tidy": 1,
    "restart": 1,
}
_operations = st.sampled_from([name for name, weight in WEIGHTS.items() for _ in range(weight)])


class CoreMachine(RuleBasedStateMachine):
    """Two hubs, one Redis, one model. Time stands still but where a rule moves it."""

    url = ""
    moves: set[tuple[str, str]]

    @initialize()
    def begin(self) -> None:
        keys = Keys(f"model{next(_numbers)}")
        configured = load_settings({}, {"redis_url": self.url})
        self.services = [RedisService(self.url, keys) for _ in range(2)]
        self.brokers = [JobBroker(service, configured) for service in self.services]
        self.registries = [WorkerRegistry(service, configured) for service in self.services]
        self.redis = self.services[0].redis
        seconds, micros = self.redis.time()
        self.plain = Plain(seconds * 1000 + micros // 1000 + 86_400_000)
        self._set_clock()
        self.events = EventCheck(self.services[0], self.moves)
        self.grants: list[tuple[str, str, int]] = []
        self.fence = 0
        self.turn = 0
        self.connections = 0
        for worker_id, job_types, gpu in (("w1", TYPES, 2), ("w2", ("a",), 0), ("w3", TYPES, 1)):
            self._connect(worker_id, job_types, gpu, 1, [])

    @rule(name=_operations, data=st.data())
    def step(self, name: str, data: st.DataObject) -> None:
        if name in ("act", "update") and not self.plain.jobs:
            name = "submit"
        if name in ("settle", "progress") and not self.grants:
            name = "work"
        method = getattr(self, name)
        arguments = data.draw(method.arguments, label=name)
        method(**arguments, **({"data": data} if method.draws else {}))

    def teardown(self) -> None:
        if hasattr(self, "redis"):
            names = self.redis.keys(self.services[0].keys.key("meta").removesuffix("meta") + "*")
            if names:
                self.redis.delete(*names)
            for service in self.services:
                service.close()

    def _set_clock(self) -> None:
        """The scripts take the last time seen when it is ahead of Redis TIME: it stands still there."""
        self.redis.hset(self.services[0].keys.meta, "last_ms", self.plain.now)

    @property
    def broker(self) -> JobBroker:
        """Either hub's, in turn."""
        self.turn += 1
        return self.brokers[self.turn % 2]

    @property
    def registry(self) -> WorkerRegistry:
        """Either hub's, in turn."""
        return self.registries[self.turn % 2]

    def _run(self, name: str, **args: Any) -> Any:
        return self.services[self.turn % 2].run(name, **args)

    # --- Clients ------------------------------------------------------------------------------

    @operation(requests=st.lists(_submissions, min_size=1, max_size=3))
    def submit(self, requests: list[dict[str, Any]]) -> None:
        for fields in requests:
            if "workflow_priority" in fields and "workflow_id" not in fields:
                del fields["workflow_priority"]
        decoded = [msgspec.convert(fields, SubmitRequest) for fields in requests]
        results = self.broker.submit_batch(decoded, submitted_by="tester")
        for fields, result in zip(requests, results, strict=True):
            self._submitted(fields, result)

    def _submitted(self, fields: dict[str, Any], result: Submission | JobhubError) -> None:
        plain = self.plain
        key, workflow = fields.get("idempotency_key"), fields.get("workflow_id")
        job_id = plain.keys.get(key or "")
        if job_id is not None:
            if isinstance(result, Submission):
                assert (result.created, result.job.job_id) == (False, job_id)
            else:
                assert result.code == "idempotency_conflict"
            return
        priority, time = fields["priority"], plain.now
        run_at = plain.now + int(fields["delay_s"] * 1000) if "delay_s" in fields else None
        if workflow is not None:
            fixed = plain.workflows.get(workflow)
            wanted = fields.get("workflow_priority")
            if fixed is not None and wanted not in (None, fixed[0]):
                assert isinstance(result, JobhubError)
                assert result.code == "workflow_conflict"
                return
            first = (priority if wanted is None else wanted, plain.now)
            priority, time = plain.workflows.setdefault(workflow, first)
        elif run_at is not None:
            time = run_at
        assert isinstance(result, Submission)
        assert result.created
        job = result.job
        gpu = fields.get("requirements", {}).get("must", {}).get("gpu", 0)
        if key:
            plain.keys[key] = job.job_id
        plain.submitted(
            PlainJob(
                job.job_id,
                job.job_type,
                gpu,
                priority,
                time,
                int((job.order_key or "")[15:]),
                plain.now,
                fields["retry"],
                fields["max_attempts"],
                fields["timeout_s"],
                run_at,
                workflow,
                key,
            )
        )

    # --- Operators ----------------------------------------------------------------------------

    @operation(action=st.sampled_from(["cancel", "retry", "retry", "purge"]))
    def act(self, data: st.DataObject, action: str) -> None:
        ids = self._some(data, list(self.plain.jobs))
        results = getattr(self.broker, f"{action}_many")([*ids, "nosuch"], actor="ann")
        assert isinstance(results.pop(), JobhubError)
        for job_id, result in zip(ids, results, strict=True):
            job = self.plain.jobs[job_id]
            if action == "purge":
                done = job.status in ("completed", "failed", "cancelled")
                if done:
                    self.plain.forget(job)
            else:
                done = getattr(self.plain, action)(job)
            assert isinstance(result, JobhubError) != done

    @operation(
        priority=st.sampled_from([None, 0, 50, 99]),
        at=st.sampled_from([None, "now", -1_000, 20_000]),
    )
    def update(self, data: st.DataObject, priority: int | None, at: Any) -> None:
        job = self._one(data, list(self.plain.jobs.values()))
        run_at = self.plain.now + at if isinstance(at, int) else at
        (result,) = self.broker.update_many(
            [job.job_id], actor="ann", priority=priority, run_at=run_at
        )
        if at == "now":
            run_at = None if job.status == "pending" else self.plain.now
        expected = self.plain.update(job, priority, run_at)
        if isinstance(result, JobhubError):
            assert result.code == expected
        else:
            assert expected in ("done", "same")

    @operation(job_type=st.sampled_from(TYPES), paused=st.booleans())
    def pause(self, job_type: str, paused: bool) -> None:
        switch = self.broker.pause if paused else self.broker.resume
        try:
            switch(job_type, actor="ann")
        except JobhubError:
            assert job_type not in self.plain.types
            return
        assert job_type in self.plain.types
        (self.plain.paused.add if paused else self.plain.paused.discard)(job_type)

    @operation(worker_id=st.sampled_from(WORKERS), draining=st.booleans())
    def drain(self, worker_id: str, draining: bool) -> None:
        expected = self.plain.drain(worker_id, draining)
        try:
            self.registry.set_draining(worker_id, draining, actor="ann")
        except JobhubError:
            assert expected in ("unknown", "offline")
        else:
            assert expected in ("done", "same")
        self.plain.settle()

    # --- Workers ------------------------------------------------------------------------------

    @operation(
        worker_id=st.sampled_from(WORKERS),
        job_types=st.sampled_from([("a",), ("a", "b")]),
        gpu=st.integers(0, 2),
        prefetch=st.integers(0, 2),
    )
    def register(
        self, data: st.DataObject, worker_id: str, job_types: Any, gpu: int, prefetch: int
    ) -> None:
        self._connect(worker_id, job_types, gpu, prefetch, self._some_grants(data, worker_id))

    def _connect(
        self, worker_id: str, job_types: Any, gpu: int, prefetch: int, held: list[tuple[str, int]]
    ) -> None:
        self.connections += 1
        connection = f"c{self.connections}"
        message = Register(
            worker_id=worker_id,
            job_types=list(job_types),
            capabilities={"gpu": gpu},
            slots=1,
            prefetch=prefetch,
            resume=[HeldJob(job_id=job_id, fence=fence) for job_id, fence in held],
        )
        reply = self.registry.register(message, connection)
        fresh = PlainWorker(worker_id, job_types, gpu, prefetch, connection, self.plain.now)
        verdicts, again = self.plain.register(fresh, held)
        assert [verdict.action for verdict in reply.jobs] == verdicts
        assert sorted(item.fence for item in reply.assignments) == sorted(again)

    def _some_grants(self, data: st.DataObject, worker_id: str) -> list[tuple[str, int]]:
        mine = [(job_id, fence) for owner, job_id, fence in self.grants if owner == worker_id]
        return self._some(data, mine)

    def _one(self, data: st.DataObject, items: list[T]) -> T:
        """Draw by place: ids differ from run to run."""
        return items[-1 - data.draw(st.integers(0, min(7, len(items) - 1)))]

    def _some(self, data: st.DataObject, items: list[T]) -> list[T]:
        places = st.integers(0, min(7, len(items) - 1))
        drawn = data.draw(st.lists(places, max_size=3, unique=True)) if items else []
        return [items[-1 - place] for place in drawn]

    @operation(worker_id=st.sampled_from(WORKERS), limit=st.integers(1, 3))
    def claim(self, worker_id: str, limit: int) -> None:
        expected = self.plain.claimable(worker_id, limit)
        self._assigned(worker_id, expected, self.broker.claim(worker_id, limit))
        self.plain.settle()

    @operation(jobs=st.integers(1, 4), started=st.booleans())
    def work(self, jobs: int, started: bool) -> None:
        """Claim and start wherever there is room: what most jobs live through."""
        for worker_id in WORKERS:
            before = len(self.grants)
            self.claim(worker_id, jobs)
            for grant in self.grants[before:] if started else []:
                assert self.broker.start(*grant) == self.plain.start(*grant)

    @operation(worker_id=st.sampled_from(WORKERS))
    def reconnect(self, data: st.DataObject, worker_id: str) -> None:
        """A hub claimed and died: the worker comes back without the newest of its grants."""
        self.claim(worker_id, 2)
        worker = self.plain.workers.get(worker_id)
        if worker is not None:
            self.register(data, worker_id, worker.job_types, worker.gpu, worker.prefetch)

    def _assigned(self, worker_id: str, expected: list[PlainJob], given: list[Any]) -> None:
        assert [item.job_id for item in given] == [job.job_id for job in expected]
        for job, item in zip(expected, given, strict=True):
            assert item.fence > self.fence
            self.fence = item.fence
            self.plain.assign(worker_id, job, item.fence)
            assert item.attempt == job.attempt
            self.grants.append((worker_id, job.job_id, item.fence))

    @operation()
    def progress(self, data: st.DataObject) -> None:
        worker_id, job_id, fence = self._one(data, self.grants)
        message = JobProgress(job_id=job_id, fence=fence, percent=12.5, message='ü"/\n')
        expected = self.plain.progress(worker_id, job_id, fence)
        assert self.broker.progress(worker_id, message) == expected

    @operation(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3),
        claim=st.integers(0, 2),
    )
    def settle(self, data: st.DataObject, kinds: list[str], claim: int) -> None:
        """One message of a worker with reports on its grants, old and new, and the next claim."""
        LaneFitter(self.services[0]).refresh()
        lanes = self._lanes_version()
        worker_id = self._one(data, self.grants)[0]
        mine = [grant for grant in self.grants if grant[0] == worker_id]
        told, verdicts = [], []
        for kind in kinds:
            _, job_id, fence = self._one(data, mine)
            told.append(_report(kind, job_id, fence))
            verdicts.append(self._reported(kind, worker_id, job_id, fence))
        outcome = self.broker.settle(worker_id, told, claim=claim)
        assert outcome.verdicts == verdicts
        self._check_backoff()
        if self._lanes_version() != lanes:
            self.plain.settle()  # a job made a lane anew: the claim was a script of its own
        self._assigned(worker_id, self.plain.claimable(worker_id, claim), outcome.assignments)
        self.plain.settle()

    def _lanes_version(self) -> Any:
        return self.redis.hget(self.services[0].keys.meta, "lanes_version")

    def _reported(self, kind: str, worker_id: str, job_id: str, fence: int) -> str:
        grant = (worker_id, job_id, fence)
        if kind == "start":
            return self.plain.start(*grant)
        if kind == "release":
            return self.plain.release(*grant)
        error = {"complete": None, "fail": "Broken", "give up": "Fatal"}[kind]
        return self.plain.finish(*grant, error, kind != "give up")

    @operation(worker_id=st.sampled_from(WORKERS), current=st.booleans())
    def heartbeat(self, data: st.DataObject, worker_id: str, current: bool) -> None:
        connection = self._connection(worker_id, current)
        self._beat(worker_id, connection, self._some_grants(data, worker_id))

    def _beat(self, worker_id: str, connection: str, held: list[tuple[str, int]]) -> None:
        expected = self.plain.heartbeat(worker_id, connection, held)
        items = [HeldJob(job_id=job_id, fence=fence) for job_id, fence in held]
        try:
            verdicts = self.registry.heartbeat(worker_id, connection, items)
        except Superseded:
            assert expected is None
        else:
            assert [verdict.action for verdict in verdicts] == expected

    @operation(worker_id=st.sampled_from(WORKERS), goodbye=st.booleans(), current=st.booleans())
    def leave(self, worker_id: str, goodbye: bool, current: bool) -> None:
        connection = self._connection(worker_id, current)
        self.plain.leave(worker_id, connection, goodbye=goodbye)
        end = self.registry.goodbye if goodbye else self.registry.connection_lost
        end(worker_id, connection)

    def _connection(self, worker_id: str, current: bool) -> str:
        worker = self.plain.workers.get(worker_id)
        return worker.connection if worker and current else "older"

    # --- Time ---------------------------------------------------------------------------------

    @operation(ms=st.sampled_from([1, 500, 4_999, 4_999, 4_000_000, 90_000_000]))
    def pass_time(self, ms: int) -> None:
        self.plain.now += ms
        self._set_clock()

    @operation(ms=st.sampled_from([0, 1_000, 3_000, 5_000, 30_000, 45_000]), alive=st.booleans())
    def maintain(self, ms: int, alive: bool) -> None:
        """Time passes, with or without a sign of life from the workers, and the hubs look."""
        self.pass_time(ms)
        for worker in list(self.plain.workers.values()) if alive else []:
            held = [(grant.job_id, grant.fence) for grant in worker.grants.values()]
            self._beat(worker.worker_id, worker.connection, held)
        plain = self.plain
        patience = {"lease_ms": LEASE_MS, "heartbeat_ms": 600_000}  # hubs that look in time
        self._run("reap_leases", limit=1000, **patience)
        plain.reap_leases()
        self.plain.settle()
        self._run("reap_timeouts", limit=1000, chance=0.3, **patience)
        plain.reap_timeouts()
        self._check_backoff()
        self.plain.settle()
        self._run("reap_workers", limit=1000, **patience)
        plain.reap_workers()
        self._run("promote_jobs", limit=1000)
        plain.promote()

    # Which of several jobs that ended at one moment stays depends on their random ids: all or none here.
    @operation(keep=st.sampled_from([0, 1_000]))
    def tidy(self, keep: int) -> None:
        self._run("expire_jobs", keep=keep, keep_ms=KEEP_MS, key_ms=86_400_000, limit=1000)
        self.plain.expire_jobs(keep, KEEP_MS)
        self._run("expire_workers", keep=keep, keep_ms=KEEP_MS, limit=1000)
        self.plain.expire_workers(keep, KEEP_MS)
        self._run("clear_profiles", limit=1000)
        self._run("clear_lanes", keep=0)
        self.plain.clear_types()
        LaneFitter(self.services[0]).mark_unworkable()

    @operation()
    def restart(self) -> None:
        """As if another server had been found at this address: a new epoch, everything else as it was."""
        script = scripts.load("adopt_epoch")
        service = self.services[0]
        true_id = service.redis.hget(service.keys.meta, "run_id")
        keys = [service.keys.key(key) for key in script.keys]
        epoch = f"e{next(_numbers)}"
        reply = self.redis.eval(script.text, len(keys), *keys, epoch, "another", 100_000)
        assert reply.decode() == epoch
        self.redis.hset(service.keys.meta, "run_id", true_id)
        self.events.restart()
        assert int(self.redis.hget(service.keys.meta, "fence")) >= self.fence

    def _check_backoff(self) -> None:
        for job, low, high in self.plain.unchecked_backoff:
            stored = json.loads(self.redis.hget(self.services[0].keys.of("job", job.job_id), "rec"))
            wait_s = (stored["run_at"] - self.plain.now) / 1000
            assert low - 0.001 <= wait_s <= high
            job.run_at = stored["run_at"]
        self.plain.unchecked_backoff.clear()

    @invariant()
    def redis_equals_the_model(self) -> None:
        if not hasattr(self, "plain"):
            return
        stored = Stored(self.services[0])
        check_records(stored, self.plain)
        check_indexes(stored, self.plain)
        check_grants(stored, self.plain)
        check_heads(stored, self.plain)
        check_nothing_left(stored, self.plain)
        self.events.check(stored, self.plain)


SIZES = {"ci": (70, 60), "long": (600, 100)}


@pytest.mark.timeout(900)
def test_redis_equals_a_plain_model_when_everything_happens(redis_url: str) -> None:
    examples, steps = SIZES[os.environ.get("HYPOTHESIS_PROFILE", "ci")]
    machine = type("CoreMachine", (CoreMachine,), {"url": redis_url, "moves": set()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=examples == SIZES["ci"][0],
            database=None,
            deadline=None,
            phases=[Phase.generate],  # shrinking takes minutes; the steps are printed anyway
            suppress_health_check=list(HealthCheck),
        ),
    )
    if examples == SIZES["long"][0]:
        allowed = {(old, new) for old, moves in JOB_MOVES.items() for new in moves}
        assert machine.moves == allowed  # every move was driven
