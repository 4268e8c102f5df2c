"""What Redis holds, read whole, and compared with the plain model after every step."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hub.event_log import COUNT_NAMES, log_event
from hub.redis_service import RedisService
from hub.states import JOB_MOVES
from tests.model.plain import Plain
from tests.model.plain_moves import ACTIVE, FINAL
from tests.model.plain_records import PlainJob, PlainWorker

_NAMES_GONE_JOBS = ("idempotency:", "events", "audit", "stats", "held:", "leases", "unaccepted")
_READERS = {
    b"hash": "HGETALL",
    b"set": "SMEMBERS",
    b"list": "LRANGE",
    b"zset": "ZRANGE",
    b"string": "GET",
}


class Stored:
    """One reading of the namespace: key name without its root -> value."""

    def __init__(self, service: RedisService) -> None:
        root = service.keys.key("meta").removesuffix("meta")
        names = [key.decode() for key in service.redis.keys(root.replace("{", "\\{") + "*")]
        with service.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.type(name)
            types = pipe.execute()
        self.values: dict[str, Any] = {}
        with service.redis.pipeline(transaction=False) as pipe:
            kept = []
            for name, kind in zip(names, types, strict=True):
                if kind not in _READERS:
                    continue
                kept.append(name.removeprefix(root))
                if kind == b"zset":
                    pipe.zrange(name, 0, -1, withscores=True)
                elif kind == b"list":
                    pipe.lrange(name, 0, -1)
                else:
                    pipe.execute_command(_READERS[kind], name)
            for name, value in zip(kept, pipe.execute(), strict=True):
                self.values[name] = value

    def hash(self, name: str) -> dict[str, str]:
        """A HASH as text; a job's `state` is binary and reads as escapes."""
        fields = self.values.get(name, {}).items()
        return {field.decode(): value.decode(errors="backslashreplace") for field, value in fields}

    def scores(self, name: str) -> dict[str, int]:
        """A ZSET as member -> score."""
        return {member.decode(): int(score) for member, score in self.values.get(name, [])}

    def members(self, name: str) -> set[str]:
        """A SET."""
        return {member.decode() for member in self.values.get(name, ())}

    def named(self, prefix: str) -> set[str]:
        """What follows the prefix in the keys that there are."""
        return {name.removeprefix(prefix) for name in self.values if name.startswith(prefix)}


def check_records(stored: Stored, plain: Plain) -> None:
    """Every job's and worker's record equals the model's."""
    assert stored.named("job:") == set(plain.jobs)
    for job in plain.jobs.values():
        record = json.loads(stored.hash(f"job:{job.job_id}")["rec"])
        found, expected = _facts(record), _expected(job)
        differing = {name: (found[name], expected[name]) for name in found}
        assert found == expected, (job.job_id, {k: v for k, v in differing.items() if v[0] != v[1]})
    assert stored.named("worker:") == set(plain.workers)
    for worker in plain.workers.values():
        check_worker(stored.hash(f"worker:{worker.worker_id}"), worker)


def _facts(record: dict[str, Any]) -> dict[str, Any]:
    names = ("status", "run", "rev", "priority", "attempt", "losses", "run_at", "worker_id")
    times = ("fence", "pending_at", "assigned_at", "started_at", "finished_at", "order_key")
    facts = {name: record.get(name) for name in (*names, *times)}
    facts["error"] = record.get("error", {}).get("type")
    return facts


def _expected(job: PlainJob) -> dict[str, Any]:
    facts = {name: getattr(job, name) for name in _facts({}) if name != "order_key"}
    facts["order_key"] = f"{job.time:015d}{job.order:012d}"
    return facts


def check_worker(found: dict[str, str], worker: PlainWorker) -> None:
    """A worker's record."""
    started = sum(grant.started for grant in worker.grants.values())
    assert (found["status"], int(found["rev"])) == (worker.status, worker.rev), worker
    assert int(found["completed"]) == worker.completed, worker
    assert int(found["failed"]) == worker.failed, worker
    assert int(found["busy"]) == started, worker
    offered = {"offline": 0, "draining": started}.get(worker.status, worker.slots)
    assert int(found["offered"]) == offered, worker


def check_indexes(stored: Stored, plain: Plain) -> None:
    """Every index holds what the records say, and nothing else."""
    jobs = plain.jobs.values()

    def ids(statuses: set[str], field: str) -> dict[str, int]:
        return {job.job_id: getattr(job, field) for job in jobs if job.status in statuses}

    line = plain.line(jobs)
    members = [f"{job.time:015d}{job.order:012d}:{job.job_id}" for job in line]
    assert [member.decode() for member, _ in stored.values.get("pending", [])] == members
    assert stored.scores("scheduled") == ids({"scheduled"}, "run_at")
    assert stored.scores("active") == ids(ACTIVE, "assigned_at")
    assert set(stored.scores("timeouts")) == set(ids({"in_progress"}, "started_at"))
    for status in FINAL:
        assert stored.scores(f"finished:{status}") == ids({status}, "finished_at")
    for job_type in {job.job_type for job in jobs} | stored.named("waiting:"):
        waiting = {job.job_id: job.pending_at for job in line if job.job_type == job_type}
        assert stored.scores(f"waiting:{job_type}") == waiting
    lanes = [member for name in stored.named("lane:") for member in stored.scores(f"lane:{name}")]
    assert sorted(lanes) == sorted(members)
    assert stored.scores("ids").keys() == stored.scores("created").keys() == plain.jobs.keys()
    assert stored.members("job_types") == plain.types
    check_counts(stored, plain)


def check_counts(stored: Stored, plain: Plain) -> None:
    """The counters equal the records; final ones only grow."""
    tally = Counter(job.status for job in plain.jobs.values())
    found = {name: int(count) for name, count in stored.hash("counts").items()}
    for status in ("scheduled", "pending", "assigned", "in_progress"):
        assert found.get(status, 0) == tally[status]
    assert {status: found.get(status, 0) for status in FINAL} == plain.totals
    assert found.get("kept", 0) == sum(tally[status] for status in FINAL)


def check_grants(stored: Stored, plain: Plain) -> None:
    """Held grants, leases and times to accept; a live job has one live fence, any other none."""
    leases, unaccepted, live = {}, {}, Counter[str]()
    for worker in plain.workers.values():
        held = stored.hash(f"held:{worker.worker_id}")
        assert {int(fence): value.split()[0] for fence, value in held.items()} == {
            grant.fence: grant.job_id for grant in worker.grants.values()
        }
        for grant in worker.grants.values():
            member = f"{grant.fence} {grant.job_id} {worker.worker_id}"
            leases[member] = grant.lease_until
            if grant.accept_by is not None:
                unaccepted[member] = grant.accept_by
            live[grant.job_id] += (
                plain.live(worker.worker_id, grant.job_id, grant.fence) is not None
            )
    assert stored.named("held:") == {w.worker_id for w in plain.workers.values() if w.grants}
    assert stored.scores("leases") == leases
    assert stored.scores("unaccepted") == unaccepted
    for job in plain.jobs.values():
        assert live[job.job_id] == (job.status in ACTIVE), job
    on, off = stored.scores("workers"), stored.scores("offline")
    workers = plain.workers.values()
    assert on == {worker.worker_id: worker.heard_at for worker in workers if worker.connected}
    assert off == {worker.worker_id: worker.went_at for worker in workers if not worker.connected}


def check_nothing_left(stored: Stored, plain: Plain) -> None:
    """A job that is gone is named by no key but logs of the past and slots that are still busy."""
    for name, value in stored.values.items():
        if not name.startswith(_NAMES_GONE_JOBS):
            text = f"{name} {value!r}"
            left = [job_id for job_id in plain.gone if job_id in text]
            assert not left, (name, left)
    assert stored.named("idempotency:tester ") == set(plain.keys)


def check_heads(stored: Stored, plain: Plain) -> None:
    """Each profile that is up to date has exactly the heads of the lanes that it fits."""
    version = stored.hash("meta").get("lanes_version", "0")
    lanes = {name: json.loads(text) for name, text in stored.hash("lanes").items()}
    assert stored.named("lane_profiles:") <= set(lanes)
    for profile, known in stored.hash("profile_versions").items():
        if known != version:
            continue
        offer = json.loads(stored.hash("profiles")[profile])
        expected = {}
        for name, lane in lanes.items():
            must = lane.get("requirements", {}).get("must", {})
            entries = stored.values.get(f"lane:{name}", [])
            open_ = lane["job_type"] not in plain.paused
            fits = lane["job_type"] in offer["job_types"]
            if entries and open_ and fits and must.get("gpu", 0) <= offer["capabilities"]["gpu"]:
                member, score = entries[0]
                expected[f"{member.decode()} {name}"] = int(score)
        assert stored.scores(f"heads:{profile}") == expected


class EventCheck:
    """Follows the log and holds each step's events against what the model told."""

    def __init__(self, service: RedisService, moves: set[tuple[str, str]]) -> None:
        self._service = service
        self.moves = moves  # all that were ever seen
        self.seq = 0
        self.counts: tuple[int, ...] = (0,) * len(COUNT_NAMES)
        self.revs: dict[str, int] = {}

    def restart(self) -> None:
        """A new epoch counts from 1 again."""
        self.seq = 0

    def check(self, stored: Stored, plain: Plain) -> None:
        """Contiguous, one a transition, legal moves, counts that follow from events alone."""
        entries = self._service.redis.xrange(self._service.keys.events, min=f"{self.seq + 1}-0")
        found: Counter[tuple[Any, ...]] = Counter()
        for entry_id, fields in entries:
            self.seq += 1
            assert entry_id == f"{self.seq}-0".encode()
            event = json.loads(fields[b"e"])
            assert event["seq"] == self.seq
            self.counts = log_event(fields[b"e"], self.counts).counts
            if event["type"].startswith("worker_"):
                found[(event["type"], event["worker_id"])] += 1
            elif "job_id" in event:
                self._check_job(event)
                kind = (event["type"], event["job_id"])
                found[(*kind, event.get("old_status"), event.get("new_status"))] += 1
        expected = Counter(plain.told)
        assert found == expected, (found - expected, expected - found)
        plain.told.clear()
        assert int(stored.hash("meta").get("seq", 0)) == self.seq
        known = {name: int(count) for name, count in stored.hash("counts").items()}
        assert dict(zip(COUNT_NAMES, self.counts, strict=True)) == {
            name: known.get(name, 0) for name in COUNT_NAMES
        }

    def _check_job(self, event: dict[str, Any]) -> None:
        job_id = event["job_id"]
        rev = event["job"]["rev"] if "job" in event else event.get("rev")
        if rev is not None:
            assert rev == self.revs.get(job_id, 0) + 1, event
            self.revs[job_id] = rev
        old, new = event.get("old_status"), event.get("new_status")
        if old is not None and new is not None and old != new:
            assert new in JOB_MOVES[old], event
            self.moves.add((old, new))
        if old in FINAL and new is not None:
            assert event["reason"] == "retried"
