"""A worker without the SDK, on plain `websockets`: the whole protocol on one page.

It registers, keeps its leases, runs short jobs of the type `upper` one at a time, keeps each result until
the hub has acknowledged it, and comes back after a cut with what it still holds. (A job that may take longer
than the lease needs a thread of its own, so that the heartbeat goes on.)
"""

import json
import os
import random
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

URL = os.environ.get("JOBHUB_HUB_URL", "http://127.0.0.1:8000").replace("http", "ws", 1)
TOKEN = os.environ.get("JOBHUB_TOKEN")

held: dict[int, str] = {}  # fence -> job id: what the hub has given us and not taken back
results: dict[int, dict] = {}  # fence -> message: results that are not acknowledged yet


def say(socket: ClientConnection, **message: object) -> None:
    """Send one message."""
    socket.send(json.dumps(message))


def grants() -> list[dict]:
    """Name what we hold."""
    return [{"job_id": job_id, "fence": fence} for fence, job_id in held.items()]


def work(socket: ClientConnection, job: dict) -> None:
    """Run one job and send its result."""
    grant = {"job_id": job["job_id"], "fence": job["fence"]}
    held[job["fence"]] = job["job_id"]
    say(socket, type="job_started", **grant)
    try:
        result = {"type": "job_completed", **grant, "result": job["payload"]["text"].upper()}
    except Exception as error:
        described = {"type": type(error).__name__, "message": str(error), "retryable": False}
        result = {"type": "job_failed", **grant, "error": described}
    results[job["fence"]] = result
    socket.send(json.dumps(result))


def hear(socket: ClientConnection, message: dict) -> None:
    """Do as the hub says."""
    match message["type"]:
        case "registered" | "heartbeat_ack":
            for verdict in message.get("jobs", message.get("held", [])):
                if verdict["action"] == "drop":  # somebody else has it, or it is done
                    held.pop(verdict["fence"], None)
                    results.pop(verdict["fence"], None)
            for result in list(results.values()) if message["type"] == "registered" else []:
                socket.send(json.dumps(result))
        case "assign":
            for job in message["jobs"]:
                work(socket, job)
        case "ack" | "stale" if message["of"] in ("job_completed", "job_failed"):
            held.pop(message["fence"], None)
            results.pop(message["fence"], None)


def talk() -> None:
    """Work until the connection ends."""
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    with connect(f"{URL}/ws/worker", additional_headers=headers, max_size=None) as socket:
        say(
            socket,
            type="register",
            worker_id=f"bare-{os.getpid()}",
            job_types=["upper"],
            resume=grants(),
        )
        beat_s, beat_at = 10.0, time.monotonic()
        while True:
            if time.monotonic() >= beat_at:
                say(socket, type="heartbeat", held=grants())
                beat_at = time.monotonic() + beat_s
            try:
                messages = json.loads(socket.recv(max(0.0, beat_at - time.monotonic())))
            except TimeoutError:
                continue
            for message in messages if isinstance(messages, list) else [messages]:
                beat_s = message.get("heartbeat_ms", beat_s * 1000) / 1000
                hear(socket, message)


while True:
    try:
        talk()
    except ConnectionClosed as end:
        if end.rcvd and 4500 <= end.rcvd.code < 5000:  # the hub forbids to come back
            raise SystemExit(f"refused: {end.rcvd.code} {end.rcvd.reason}") from None
    except OSError as error:
        print("no hub:", error)
    time.sleep(random.uniform(0.1, 2.0))  # jitter: not all workers at once
