"""`jobhub top`: what Redis holds, on one screen, kept true by events."""

from __future__ import annotations

import json
import time

import httpx
import msgspec
import pytest
from rich.console import Console

from hub.cli.fleet_state import FleetState
from hub.cli.fleet_view import Link, draw
from hub.config import load_settings
from hub.monitor_stream import Frame, MonitorStream
from tests.cli.conftest import Jobhub
from tests.support.processes import Server
from tests.support.sockets import open_worker


def test_screen_shows_jobs_queues_and_workers(
    jobhub: Jobhub, hub: Server, api: httpx.Client
) -> None:
    with open_worker(hub.url, "painter", slots=4) as worker:
        api.post("/api/jobs", json={"job_type": "demo"})
        job = worker.receive_type("assign")["jobs"][0]
        grant = {"job_id": job["job_id"], "fence": job["fence"]}
        worker.ask("job_started", **grant)
        worker.ask("job_progress", **grant, percent=50, message="half way")
        api.post("/api/jobs", json={"job_type": "other"})
        screen = jobhub("top", "--once").output
    for expected in (job["job_id"][:8], "half way", "painter", "1/4", "● live", "other"):
        assert expected in screen, screen
    stats = json.loads(jobhub("top", "--json").output)
    assert stats["counts"]["pending"] == 1


def test_state_equals_a_fresh_snapshot_when_events_were_folded_into_an_older_one(
    hub: Server, api: httpx.Client
) -> None:
    settings = load_settings({}, {"hub_url": hub.url})
    topics = ("jobs", "workers", "system_stats")
    frames = MonitorStream(settings, topics, full_state=True).read(timeout_s=0.2)
    folded = FleetState()
    _take_snapshot(frames, folded)
    with open_worker(hub.url, "painter", slots=2) as worker:
        for _ in range(4):
            api.post("/api/jobs", json={"job_type": "demo"})
        grants = []
        for _ in range(3):
            job = worker.receive_type("assign")["jobs"][0]
            grants.append({"job_id": job["job_id"], "fence": job["fence"]})
            worker.send(
                "job_started", **grants[-1]
            )  # else it would be taken back after five seconds
            if len(grants) == 2:
                worker.send("job_completed", **grants[0])
        while (folded.counts.get("completed"), folded.counts.get("in_progress")) != (1, 2):
            frame = next(frames)
            if isinstance(frame, Frame):
                folded.take(frame)
        fresh = FleetState()
        data = msgspec.json.decode(api.get("/api/snapshot").content, type=dict[str, msgspec.Raw])[
            "data"
        ]
        fresh.take(Frame("full_state_snapshot", data=data))
        assert folded.counts == fresh.counts
        assert folded.active.keys() == fresh.active.keys()
        assert folded.queues["demo"].pending == fresh.queues["demo"].pending == 1


def _take_snapshot(frames, state: FleetState) -> None:
    for frame in frames:
        if isinstance(frame, Frame):
            state.take(frame)
            if frame.type == "full_state_snapshot":
                return


def _state(**figures: object) -> FleetState:
    """A hub in which one job of type demo waits, and then a second with these figures."""
    state = FleetState()
    data = {
        "workers": [],
        "jobs": {"active": {"rows": []}},
        "queues": [{"job_type": "demo", "pending": 1}, {"job_type": "paused", "paused": True}],
        "counts": {"pending": 1},
    }
    state.take(Frame("full_state_snapshot", data=msgspec.Raw(msgspec.json.encode(data))))
    event = {"type": "system_stats", "second": int(time.time()) - 1, **figures}
    state.take(Frame("events", events=[msgspec.Raw(msgspec.json.encode(event))]))
    return state


def test_queues_are_exact_when_the_events_of_their_moves_were_folded_away() -> None:
    state = _state(queues=[{"job_type": "other", "pending": 7, "oldest_pending_at": 1}])
    pending = {name: queue.pending for name, queue in state.queues.items()}
    assert pending == {"demo": 0, "paused": 0, "other": 7}
    assert state.queues["paused"].paused


@pytest.mark.parametrize("width", [80, 120, 200])
def test_newest_second_is_shown_and_nothing_breaks_when_the_terminal_is_this_wide(
    width: int,
) -> None:
    console = Console(width=width, height=24, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(draw(_state(completed=5), Link("http://hub"), console.size))
    lines = captured.get().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= width
    assert "█" in "".join(lines), "the last second's throughput"
