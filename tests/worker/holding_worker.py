"""A worker whose jobs end when a file appears. Its lines tell a test what it does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hub.worker import Job, Worker


def say(*words: object) -> None:
    print(*words, flush=True)


def hold(job: Job) -> dict[str, object]:
    """Run until payload["until"] exists, or until told that the run is over."""
    say("began", job.job_id, job.attempt)
    stubborn = job.payload.get("stubborn", False)
    while not Path(job.payload["until"]).exists():
        if job.wait_cancelled(0.01) and not stubborn:
            say("heard", job.job_id, job.cancel_reason)
            break
    say("ends", job.job_id)
    return {"attempt": job.attempt, "pid": os.getpid()}


if __name__ == "__main__":
    slots, prefetch, pool = sys.argv[1:4]
    worker = Worker(
        worker_id=os.environ.get("WORKER_ID", "holder"),
        slots=int(slots),
        prefetch=int(prefetch),
        pool=pool,  # type: ignore[arg-type]
    )
    worker.job("hold")(hold)
    worker.start(wait_s=30)
    say("ready")
    worker.wait()
    say("over")
