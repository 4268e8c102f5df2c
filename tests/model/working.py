"""What workers do in the model test."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from hub import reports
from hub.errors import JobhubError
from hub.job_broker import Assignment, Submission
from hub.lane_fitter import LaneFitter
from hub.messages import HeldJob, JobProgress, ReportedError
from hub.worker_registry import Forgotten, Superseded
from tests.model.asking import Asking
from tests.model.drawn import WORKERS, operation, submissions
from tests.model.plain_records import PlainJob

KINDS = ("start", "start", "complete", "fail", "fail", "give up", "release")


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


class Working(Asking):
    """Workers register, claim, report, beat and leave; some of it late or under another's name."""

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

    def _some_grants(self, data: st.DataObject, worker_id: str) -> list[tuple[str, int]]:
        mine = [(job_id, fence) for owner, job_id, fence in self.grants if owner == worker_id]
        return self._some(data, mine)

    @operation(worker_id=st.sampled_from(WORKERS), limit=st.integers(1, 3))
    def claim(self, worker_id: str, limit: int) -> None:
        expected = self.plain.claimable(worker_id, limit)
        self._assigned(worker_id, expected, self.broker.claim(worker_id, limit))
        self.plain.settle()

    @operation(fields=submissions, worker_id=st.sampled_from(WORKERS))
    def hand_in(self, fields: dict[str, Any], worker_id: str) -> None:
        """A job is submitted while a worker waits: one script stores it and gives the most urgent one."""
        LaneFitter(self.services[0]).refresh()
        lanes = self._lanes_version()
        result: Submission | JobhubError
        given: list[Assignment]
        try:
            result, given = self.broker.submit_and_claim(
                self._request(fields),
                submitted_by="tester",
                worker_id=worker_id,
                connection_id=self._connection(worker_id, current=True),
            )
        except JobhubError as error:
            result, given = error, []
        self._submitted(fields, result)
        if isinstance(result, Submission) and result.created and self._lanes_version() == lanes:
            self._assigned(worker_id, self.plain.claimable(worker_id, 1), given)
        else:
            assert given == []
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

    @operation(kind=st.sampled_from(KINDS), started=st.booleans())
    def revive(self, data: st.DataObject, kind: str, started: bool) -> None:
        """A job is cancelled and retried while its worker has it; that worker reports on the old run."""
        worker_id, job_id, fence = self._one(data, self.grants)
        job = self.plain.jobs.get(job_id)
        if job is None:
            return
        for action in ("cancel", "retry"):
            (result,) = getattr(self.broker, f"{action}_many")([job_id], actor="ann")
            assert isinstance(result, JobhubError) != getattr(self.plain, action)(job)
        self.work(1, started)
        self.report(worker_id, job_id, fence, kind)

    def report(self, worker_id: str, job_id: str, fence: int, kind: str) -> None:
        """One report in a message of its own."""
        verdict = self._reported(kind, worker_id, job_id, fence)
        outcome = self.broker.settle(worker_id, [_report(kind, job_id, fence)], claim=0)
        assert outcome.verdicts == [verdict]
        self._check_backoff()
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
        except (Superseded, Forgotten):
            assert expected is None
        else:
            assert [verdict.action for verdict in verdicts] == expected

    @operation(
        worker_id=st.sampled_from(WORKERS),
        goodbye=st.booleans(),
        current=st.sampled_from([True, True, False]),
    )
    def leave(self, worker_id: str, goodbye: bool, current: bool) -> None:
        """A connection ends, most often amid work."""
        self.work(1, True)
        connection = self._connection(worker_id, current)
        self.plain.leave(worker_id, connection, goodbye=goodbye)
        end = self.registry.goodbye if goodbye else self.registry.connection_lost
        end(worker_id, connection)

    def _connection(self, worker_id: str, current: bool) -> str:
        worker = self.plain.workers.get(worker_id)
        return worker.connection if worker and current else "older"
