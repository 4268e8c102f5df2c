"""One action on many jobs: the rehearsal tells exactly what the action then does."""

from __future__ import annotations

from typing import Any

import pytest

from hub.answers import Action
from hub.bulk import BulkActions
from hub.job_filter import JobFilter
from hub.job_reader import JobReader
from tests.support.core import Core


@pytest.fixture
def actions(core: Core) -> BulkActions:
    return BulkActions(core.broker, JobReader(core.service))


def one_of_each(core: Core) -> dict[str, str]:
    """A job in every state, and one of a workflow."""
    core.register(slots=4)
    jobs = {"completed": core.submit().job_id}
    done = core.run()
    core.broker.complete("w1", done.job_id, done.fence, b"1")
    jobs["in_progress"] = core.submit().job_id
    core.run()
    jobs["assigned"] = core.submit().job_id
    core.take()
    jobs["cancelled"] = core.submit().job_id
    core.broker.cancel(jobs["cancelled"], actor="test")
    jobs["pending"] = core.submit().job_id
    jobs["scheduled"] = core.submit(delay_s=60).job_id
    jobs["of a workflow"] = core.submit(workflow_id="wf").job_id
    return jobs


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        ("cancel", {"in_progress", "assigned", "pending", "scheduled", "of a workflow"}),
        ("retry", {"completed", "cancelled"}),
        ("purge", {"completed", "cancelled"}),
        ("priority", {"pending", "scheduled"}),
    ],
)
def test_rehearsal_tells_what_the_action_then_does(
    core: Core, actions: BulkActions, action: Action, changed: set[str]
) -> None:
    jobs = one_of_each(core)
    ids = [*jobs.values(), "nosuchjob"]
    said: dict[str, Any] = {"priority": 7} if action == "priority" else {}
    seq = len(core.events())
    rehearsed = actions.rehearse(action, ids, **said)
    assert len(core.events()) == seq
    refused = actions.apply(action, ids, actor="test", **said)
    assert rehearsed == refused
    names = {job_id: name for name, job_id in jobs.items()}
    assert {names.get(item.job_id, "") for item in refused} == {*jobs, ""} - changed
    assert refused[-1].code == "not_found"


def test_filter_is_worked_off_in_calls_when_it_holds_more_than_one_call(
    core: Core,
) -> None:
    actions = BulkActions(core.broker, JobReader(core.service), at_once=4)
    wanted = {core.submit(customer_id="acme").job_id for _ in range(10)}
    kept = core.submit().job_id
    cursor, calls = None, 0
    while cursor is not None or calls == 0:
        targets = actions.find(JobFilter(customer_id="acme", status=["pending"]), cursor)
        assert actions.apply("cancel", targets.job_ids, actor="test") == []
        assert set(targets.job_ids) <= wanted
        cursor, calls = targets.cursor, calls + 1
    assert calls == 3
    assert {core.broker.get(job_id).status for job_id in wanted} == {"cancelled"}
    assert core.broker.get(kept).status == "pending"
