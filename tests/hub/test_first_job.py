"""A job's whole way over real sockets: submitted, assigned, run, completed, seen by a monitor."""

from __future__ import annotations

import time

import httpx

from hub.redis_service import RedisService
from hub.snapshot import SnapshotReader
from tests.support.processes import Server
from tests.support.sockets import open_monitor, open_worker


def test_monitor_sees_every_move_when_a_job_is_run(hub: Server, api: httpx.Client) -> None:
    with open_monitor(hub.url) as monitor, open_worker(hub.url) as worker:
        assert monitor.receive()["type"] == "full_state_snapshot"
        job = api.post("/api/jobs", json={"job_type": "demo", "payload": {"n": 1}}).json()
        given = worker.receive_type("assign")["jobs"][0]
        grant = {"job_id": given["job_id"], "fence": given["fence"]}
        assert given["payload"] == {"n": 1}
        assert worker.ask("job_started", **grant)["type"] == "ack"
        assert worker.ask("job_completed", **grant, result={"ok": True})["type"] == "ack"

        moves: list[tuple[str | None, str]] = []
        while not moves or moves[-1][1] != "completed":
            for event in monitor.receive_type("events")["events"]:
                if event.get("job_id") == job["job_id"]:
                    moves.append((event["old_status"], event["new_status"]))

    assert moves == [
        (None, "pending"),
        ("pending", "assigned"),
        ("assigned", "in_progress"),
        ("in_progress", "completed"),
    ]
    assert api.get(f"/api/jobs/{job['job_id']}").json()["result"] == {"ok": True}


def test_state_has_a_time_when_nothing_has_happened_yet(service: RedisService) -> None:
    """A page takes a state without one for none, and showed dashes until somebody connected."""
    asked_at = time.time() * 1000
    snapshots = SnapshotReader(service)
    for timestamp in (snapshots.read().timestamp, snapshots.read_stats().timestamp):
        assert abs(timestamp - asked_at) < 60_000
