"""Jobs as a client submits them over HTTP and a worker is given them over its socket."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.sockets import Peer


def submit(api: httpx.Client, **fields: Any) -> str:
    """Submit a job; returns its id."""
    answer = api.post("/api/jobs", json={"job_type": "demo", **fields})
    assert answer.status_code == 201, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


def take(worker: Peer) -> tuple[str, int]:
    """Wait for the next assignment; returns its job and fence."""
    [given] = worker.receive_type("assign", timeout_s=30)["jobs"]
    return given["job"]["job_id"], given["fence"]
