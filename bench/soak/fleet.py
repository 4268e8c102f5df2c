"""A process with several workers, as a machine of the fleet; killed now and then by whoever started it.

Run as `python -m bench.soak.fleet HUB_URL WORKERS`; prints `ready`.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from typing import Final

from hub.worker import Job, NotRetryable, Worker

JOB_TYPES: Final = ("resize", "train", "mail", "report")
_RUN_S: Final = 0.4  # at most
_FAILS: Final = 0.04
_GIVES_UP: Final = 0.01


def make_worker(hub_url: str) -> Worker:
    """Make one worker for every type of job."""
    worker = Worker(hub_url, slots=2)

    def work(job: Job) -> dict[str, object]:
        for step in range(1, 4):
            time.sleep(random.uniform(0, _RUN_S / 3))
            job.progress(step, of=3, message=f"step {step}")
        job.log("done with", job.payload)
        if random.random() < _GIVES_UP:
            raise NotRetryable("on purpose, for good")
        if random.random() < _FAILS:
            raise RuntimeError("on purpose")
        return {"text": "x" * random.randrange(2_000)}

    for job_type in JOB_TYPES:
        worker.job(job_type)(work)
    return worker


def main() -> None:
    """Run the workers until killed."""
    hub_url, count = sys.argv[1], int(sys.argv[2])
    for _ in range(count):
        make_worker(hub_url).start(wait_s=60)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
