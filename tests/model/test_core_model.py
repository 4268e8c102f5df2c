"""Drives every script of the core, on two hubs, against a plain model of what they promise.

CI runs a bounded, derandomized share; `HYPOTHESIS_PROFILE=long` looks for bugs (docs/states.md).
"""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, run_state_machine_as_test

from hub import scripts
from hub.lane_fitter import LaneFitter
from hub.states import JOB_MOVES
from tests.model.drawn import TYPES, WORKERS, operation
from tests.model.plain_moves import FINAL, LEASE_MS
from tests.model.stored import (
    Stored,
    check_grants,
    check_heads,
    check_indexes,
    check_nothing_left,
    check_records,
)
from tests.model.two_hubs import numbers
from tests.model.working import Working

KEEP_MS = 3_600_000
PLAIN_JOB = {
    "job_type": "a",
    "priority": 50,
    "max_attempts": 1,
    "timeout_s": 3600.0,
    "retry": {"kind": "none", "base_s": 2.0, "cap_s": 900.0, "jitter": 0.25},
}


class CoreMachine(Working):
    """The whole: time passes, old things are forgotten, and Redis must equal the model after each step."""

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

    @operation(times=st.integers(1, 4), restarted=st.booleans())
    def haunt(self, times: int, restarted: bool) -> None:
        """Jobs take their workers down with them, time after time: to a new start, or into silence."""
        for _ in range(times):
            for worker_id in WORKERS:
                self._connect(worker_id, TYPES, 2, 0, [])
            self.work(2, True)
            if not restarted:
                self.maintain(45_000, False)

    @operation(jobs=st.integers(1, 4), apart_ms=st.sampled_from([0, 1_000, KEEP_MS // 3]))
    def harvest(self, jobs: int, apart_ms: int) -> None:
        """Runs end one after the other: what is kept by number and by age needs many moments."""
        self.submit([dict(PLAIN_JOB) for _ in range(jobs)])
        self.work(2, True)
        live = [job for job in self.plain.jobs.values() if job.status not in FINAL]
        for place, job in enumerate(live[-2 * jobs :]):
            if job.worker_id is None or job.fence is None:
                self.broker.cancel_many([job.job_id], actor="ann")
                assert self.plain.cancel(job)
            else:
                self.report(
                    job.worker_id, job.job_id, job.fence, ("complete", "give up")[place % 2]
                )
            self.pass_time(apart_ms)

    @operation(
        kept=st.integers(0, 5), part=st.integers(1, 5), workers=st.integers(0, 3), due=st.booleans()
    )
    def tidy(self, kept: int, part: int, workers: int, due: bool) -> None:
        """Forget what is old and what is too much, jobs in parts.

        Cuts fall between moments: of the jobs that ended at one, ids decide, and they differ from run to run.
        """
        ends = [job.finished_at for job in self.plain.finished()]
        moments = sorted(set(ends))
        if due and moments:  # the oldest has just become old enough
            self.pass_time(max(0, moments[0] + KEEP_MS - self.plain.now))
        keep = sum(end in moments[max(0, len(moments) - kept) :] for end in ends)
        limit = sum(end in moments[:part] for end in ends)
        keep, limit = keep if kept < 5 else 1_000, max(1, limit) if part < 5 else 1_000
        gone = self._run("expire_jobs", keep=keep, keep_ms=KEEP_MS, key_ms=86_400_000, limit=limit)
        assert gone == self.plain.expire_jobs(keep, KEEP_MS, limit)
        self._run("expire_workers", keep=workers, keep_ms=KEEP_MS, limit=1000)
        self.plain.expire_workers(workers, KEEP_MS)
        self._run("clear_profiles", limit=1000)
        self._run("clear_lanes", keep=0)
        self.plain.clear_types()
        LaneFitter(self.services[0]).mark_unworkable()

    @operation(behind=st.booleans())
    def restart(self, behind: bool) -> None:
        """As if another server had been found at this address: a new epoch, everything else as it was.

        Its clock may be behind that of the one before: fences grow all the same.
        """
        script = scripts.load("adopt_epoch")
        service = self.services[0]
        true_id = service.redis.hget(service.keys.meta, "run_id")
        keys = [service.keys.key(key) for key in script.keys]
        epoch = f"e{next(numbers)}"
        if behind:
            self.fence += 10**9 * 1000
            self.redis.hset(service.keys.meta, "fence", self.fence)
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


SIZES = {"ci": (60, 60), "long": (600, 100)}


@pytest.mark.slow
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
