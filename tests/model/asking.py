"""What clients and operators do in the model test."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from hub.errors import JobhubError
from hub.job_broker import Submission
from hub.messages import SubmitRequest
from tests.model.drawn import TYPES, WORKERS, operation, submissions
from tests.model.plain_records import PlainJob
from tests.model.two_hubs import TwoHubs


class Asking(TwoHubs):
    """Clients submit; operators cancel, retry, purge, change, pause and drain."""

    @operation(requests=st.lists(submissions, min_size=1, max_size=3))
    def submit(self, requests: list[dict[str, Any]]) -> None:
        decoded = [self._request(fields) for fields in requests]
        results = self.broker.submit_batch(decoded, submitted_by="tester")
        for fields, result in zip(requests, results, strict=True):
            self._submitted(fields, result)

    def _request(self, fields: dict[str, Any]) -> SubmitRequest:
        if "workflow_priority" in fields and "workflow_id" not in fields:
            del fields["workflow_priority"]
        return msgspec.convert(fields, SubmitRequest)

    def _submitted(self, fields: dict[str, Any], result: Submission | JobhubError) -> None:
        key, workflow = fields.get("idempotency_key"), fields.get("workflow_id")
        if key in self.plain.keys:
            self._said_before(self.plain.keys[key], result)
            return
        if self._against_workflow(fields):
            assert isinstance(result, JobhubError)
            assert result.code == "workflow_conflict"
            return
        assert isinstance(result, Submission)
        assert result.created
        if key:
            self.plain.keys[key] = result.job.job_id
        run_at = self.plain.now + int(fields["delay_s"] * 1000) if "delay_s" in fields else None
        priority, time = fields["priority"], run_at or self.plain.now
        if workflow is not None:
            first = (fields.get("workflow_priority", priority), self.plain.now)
            priority, time = self.plain.workflows.setdefault(workflow, first)
        self.plain.submitted(
            PlainJob(
                result.job.job_id,
                result.job.job_type,
                fields.get("requirements", {}).get("must", {}).get("gpu", 0),
                priority,
                time,
                int((result.job.order_key or "")[15:]),
                self.plain.now,
                fields["retry"],
                fields["max_attempts"],
                fields["timeout_s"],
                run_at,
                workflow,
                key,
            )
        )

    def _said_before(self, job_id: str, result: Submission | JobhubError) -> None:
        """An idempotency key is known: its job is told again, or the bodies differ."""
        if isinstance(result, Submission):
            assert (result.created, result.job.job_id) == (False, job_id)
        else:
            assert result.code == "idempotency_conflict"

    def _against_workflow(self, fields: dict[str, Any]) -> bool:
        """Whether it asks for another priority than the first job of its workflow fixed."""
        fixed = self.plain.workflows.get(fields.get("workflow_id", ""))
        return fixed is not None and fields.get("workflow_priority", fixed[0]) != fixed[0]

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
