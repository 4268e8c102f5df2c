"""What operators do to jobs and queues, and the log of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.audit import AuditLog
from hub.errors import Conflict, NotFound
from hub.job_reader import JobReader
from hub.match_report import MatchReader
from hub.records import Job
from tests.support.core import Core


def _line(core: Core) -> list[str]:
    """Pending job ids in their order."""
    members = core.service.redis.zrange(core.service.keys.key("pending"), 0, -1)
    return [member.decode().rpartition(":")[2] for member in members]


def _last(core: Core, kind: str) -> dict[str, Any]:
    return [event for event in core.events() if event["type"] == kind][-1]


def test_job_moves_up_when_its_priority_is_raised(core: Core) -> None:
    first, second = core.submit(), core.submit()
    changed = core.broker.update(second.job_id, actor="ann", priority=90)
    assert (changed.priority, changed.pending_at) == (90, second.pending_at)
    assert _line(core) == [second.job_id, first.job_id]
    event = _last(core, "job_updated")
    assert event["old"] == {"priority": 50}
    assert (event["old_status"], event["new_status"], event["actor"]) == (
        "pending",
        "pending",
        "ann",
    )


def test_nothing_is_told_when_an_update_changes_nothing(core: Core) -> None:
    job = core.submit(priority=0)
    before = len(core.events())
    assert core.broker.update(job.job_id, actor="ann", priority=0).rev == job.rev
    assert len(core.events()) == before


def test_update_is_refused_when_the_job_runs_or_its_workflow_rules(core: Core) -> None:
    core.register()
    running, ruled = core.submit(), core.submit(workflow_id="wf", workflow_priority=20)
    core.run()
    for job, code in ((running, "job_not_waiting"), (ruled, "workflow_priority")):
        with pytest.raises(Conflict) as refusal:
            core.broker.update(job.job_id, actor="ann", priority=90)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        core.broker.update("nosuchjob", actor="ann", priority=90)
    assert not [event for event in core.events() if event["type"] == "job_updated"]


def test_scheduled_job_is_pending_in_its_place_when_it_is_run_now(core: Core) -> None:
    later = core.submit(delay_s=3_600)
    core.pass_time(1)
    other = core.submit()
    core.pass_time(1)
    assert core.broker.update(later.job_id, actor="ann", run_at="now").status == "pending"
    assert _line(core) == [other.job_id, later.job_id]
    assert core.moves(later.job_id) == [(None, "scheduled"), ("scheduled", "pending")]


def test_pending_job_waits_again_when_it_is_given_a_later_time(core: Core) -> None:
    job = core.submit()
    assert job.pending_at is not None
    moved = core.broker.update(job.job_id, actor="ann", run_at=job.pending_at + 60_000)
    assert (moved.status, _line(core)) == ("scheduled", [])
    core.pass_time(61)
    assert core.maintenance.run_once().promoted == 1
    assert _line(core) == [job.job_id]


def test_only_finished_jobs_are_purged_and_their_keys_remain_when_asked_again(core: Core) -> None:
    done = core.submit(idempotency_key="once")
    core.broker.cancel(done.job_id, actor="ann")
    live = core.submit()
    purged, refused = core.broker.purge_many([done.job_id, live.job_id], actor="ann")
    assert isinstance(purged, Job)
    assert isinstance(refused, Conflict)
    keys = [key.decode() for key in core.service.redis.scan_iter(f"*{done.job_id}*")]
    assert keys == []
    again = core.submit(idempotency_key="once")
    assert (again.job_id, again.status) == (done.job_id, "cancelled")
    assert _last(core, "job_status_changed")["reason"] == "purged"


def test_bulk_is_one_entry_in_the_audit_when_many_jobs_are_cancelled(core: Core) -> None:
    jobs = [core.submit() for _ in range(25)]
    results = core.broker.cancel_many([job.job_id for job in jobs] + ["gone"], actor="ann")
    assert [isinstance(result, Job) for result in results] == [True] * 25 + [False]
    event = _last(core, "operator_action")
    assert (event["actor"], event["action"], event["count"]) == ("ann", "cancel", 25)
    assert event["job_ids"] == [job.job_id for job in jobs[:20]]


def test_audit_pages_do_not_overlap_when_entries_are_added_meanwhile(core: Core) -> None:
    audit = AuditLog(core.service)
    for number in range(5):
        audit.record("ann", "token_made", name=f"t{number}", text='ü/"')
    page = audit.read(limit=2)
    audit.record("bob", "token_made", name="t5")
    rest = audit.read(limit=10, cursor=page.cursor)
    names = [row["name"] for row in map(_decoded, (*page.rows, *rest.rows))]
    assert names == ["t4", "t3", "t2", "t1", "t0"]
    assert rest.cursor is None


def test_audit_names_worker_and_queue_when_they_are_switched(core: Core) -> None:
    core.register()
    core.submit()
    core.registry.set_draining("w1", True, actor="ann")
    core.registry.set_draining("w1", True, actor="ann")
    core.registry.set_draining("w1", False)
    core.broker.pause("demo", actor="bob")
    rows = [_decoded(row) for row in AuditLog(core.service).read(limit=10).rows]
    assert [(row["actor"], row["action"]) for row in rows] == [("bob", "pause"), ("ann", "drain")]
    assert (rows[0]["job_type"], rows[1]["worker_id"]) == ("demo", "w1")


def test_match_says_why_not_when_workers_do_not_fit(core: Core) -> None:
    core.register("small", capabilities={"gpu": 8})
    core.register("big", capabilities={"gpu": 24})
    core.register("other", job_types=("mail",))
    core.registry.goodbye("other", "c-other")
    job = core.submit(requirements={"must": {"gpu": 16}})
    report = MatchReader(core.service).match(job.job_id)
    found = {match.worker_id: match for match in report.workers}
    assert [found[name].fits for name in ("small", "big", "other")] == [False, True, False]
    assert found["small"].reasons == ["must.gpu: wants 16, has 8"]
    assert found["other"].waits_for == "the worker is offline"
    assert (report.unworkable, report.paused, report.truncated) == (None, False, False)
    core.run("big")
    assert "no free slot" in str(
        [m.waits_for for m in MatchReader(core.service).match(job.job_id).workers]
    )


def test_history_names_worker_and_actor_when_a_job_was_handed_on(core: Core) -> None:
    core.register()
    job = core.submit()
    given = core.run()
    core.broker.release("w1", given.job_id, given.fence)
    core.broker.cancel(job.job_id, actor="ann")
    history = [_decoded(row) for row in JobReader(core.service).history(job.job_id)]
    assert [entry["new_status"] for entry in history] == [
        "pending",
        "assigned",
        "in_progress",
        "pending",
        "cancelled",
    ]
    assert (history[3]["worker_id"], history[3]["fence"]) == ("w1", given.fence)
    assert history[4]["actor"] == "ann"


def _decoded(raw: Any) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.json.decode(raw)
    return value
