"""What users write, for the proof: a worker whose results name their fence, and a client that submits.

Both go through links that are cut and to hubs and workers that are killed and stopped; the SDK has to
bring every job to its end.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from hub.chaos.ledger import SDK_TYPE, Ledger
from hub.client import HubClient
from hub.client.options import RetryOptions
from hub.errors import JobhubError
from hub.worker import Job, Worker

_RUN_S: Final = 0.2  # at most; long enough that kills find jobs at work
_FAILS: Final = 0.05
_CANCELS: Final = 0.03
_PAUSE_S: Final = 0.1
_ANSWER_S: Final = 5.0
_RETRY: Final[RetryOptions] = {"kind": "fixed", "base_s": 0.2}


def make_worker() -> Worker:
    """Make the worker; `jobhub worker` runs it."""
    worker = Worker(slots=4)

    @worker.job(SDK_TYPE)
    def work(job: Job) -> dict[str, int]:
        time.sleep(random.uniform(0.0, _RUN_S))
        job.progress(50)
        if random.random() < _FAILS:
            raise RuntimeError("on purpose")
        return {"fence": job.assignment.fence}

    return worker


class SdkClient:
    """Submits until told to stop, a job after the other, and notes what was acknowledged."""

    def __init__(self, hub_url: str, rng: random.Random, ledger: Ledger) -> None:
        self._hub_url = hub_url
        self._rng = rng
        self._ledger = ledger
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sdk-client", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the call that is under way."""
        self._stopping.set()
        self._thread.join(60.0)

    def _run(self) -> None:
        number = 0
        with HubClient(self._hub_url, timeout_s=_ANSWER_S) as client:
            while not self._stopping.wait(self._rng.uniform(0, 2 * _PAUSE_S)):
                number += 1
                try:
                    self._submit(client, number)
                except JobhubError:
                    self._ledger.counted["calls of a client that failed"] += 1

    def _submit(self, client: HubClient, number: int) -> None:
        asked_at = time.monotonic()
        job = client.submit(
            SDK_TYPE, {"number": number}, idempotency_key=f"sdk-{number}", retry=_RETRY
        )
        self._ledger.submitted(job.job_id, asked_at)
        if self._rng.random() < _CANCELS:
            client.cancel(job.job_id)
