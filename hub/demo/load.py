"""The day of the demo's company: a tide of jobs, bursts, orders, delayed mails, second thoughts.

Run as `python -m hub.demo.load`; SIGTERM ends it.
"""

from __future__ import annotations

import math
import random
import signal
import sys
import threading
import time
from typing import Final

from hub.client import HubClient
from hub.client.options import JobSpec
from hub.demo.kinds import CHECKOUT, CUSTOMERS, KINDS, PROMISES, Kind
from hub.errors import Conflict, JobhubError, NotFound

_TURN_S: Final = 0.5
_TIDE_S: Final = 120.0  # from one high water of traffic to the next
_BURST_EVERY_S: Final = (25.0, 60.0)
_BURST_JOBS: Final = (40, 120)
_ORDERS_A_MINUTE: Final = 12
_CANCEL_EVERY_S: Final = (8.0, 20.0)
_AWAY_S: Final = 2.0
_FIRST_ORDER: Final = 48_201


class Day:
    """Submits jobs until it is told to stop."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._order = _FIRST_ORDER + int(time.time()) % 100_000
        self._burst_at = 12.0
        self._cancel_at = 15.0
        self._recent: list[str] = []
        self._is_open = False

    def turn(self, elapsed_s: float) -> None:
        """Submit what half a second brings.

        Raises: JobhubError: the hub is away.
        """
        if not self._is_open:
            self._open()
        tide = 1.0 + 0.6 * math.sin(2 * math.pi * elapsed_s / _TIDE_S)
        specs = [
            _job(kind) for kind in KINDS for _ in range(_some(kind.a_minute * tide * _TURN_S / 60))
        ]
        for _ in range(_some(_ORDERS_A_MINUTE * tide * _TURN_S / 60)):
            specs += self._checkout()
        if elapsed_s >= self._burst_at:
            self._burst_at = elapsed_s + random.uniform(*_BURST_EVERY_S)
            specs += _burst()
        handles = self._client.submit_batch(specs)
        self._recent = [*self._recent, *(handle.job_id for handle in handles)][-50:]
        if elapsed_s >= self._cancel_at and self._recent:
            self._cancel_at = elapsed_s + random.uniform(*_CANCEL_EVERY_S)
            self._change_mind()

    def _open(self) -> None:
        """Promise what customers are promised, and mark the moment."""
        for job_type, (target_s, objective) in PROMISES.items():
            self._client.set_promise(job_type, target_s, objective=objective)
        self._client.mark("the demo begins", "deploy")
        self._is_open = True

    def _checkout(self) -> list[JobSpec]:
        self._order += 1
        customer, urgent = random.choice(CUSTOMERS), random.random() < 0.2
        return [
            {
                "job_type": kind.job_type,
                "payload": {"order": self._order},
                "customer_id": customer,
                "workflow_id": f"order-{self._order}",
                "workflow_priority": 90 if urgent else 55,
                "step_number": number,
                "total_steps": len(CHECKOUT),
            }
            for number, kind in enumerate(CHECKOUT, 1)
        ]

    def _change_mind(self) -> None:
        try:
            self._client.cancel(random.choice(self._recent))
        except (Conflict, NotFound):
            return  # it was over already


def main() -> None:
    """Submit jobs until SIGTERM."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    began = time.monotonic()
    with HubClient() as client:
        day = Day(client)
        while not stopping.wait(_TURN_S):
            try:
                day.turn(time.monotonic() - began)
            except JobhubError as error:
                sys.stderr.write(f"the load waits: {error}\n")
                stopping.wait(_AWAY_S)


def _some(mean: float) -> int:
    """Draw how many come when `mean` come on average."""
    whole, part = divmod(mean * random.uniform(0.4, 1.6), 1)
    return int(whole) + (random.random() < part)


def _job(kind: Kind) -> JobSpec:
    spec: JobSpec = {
        "job_type": kind.job_type,
        "payload": {"file": f"{kind.job_type}/{random.randrange(10_000):04}"},
        "customer_id": random.choice(CUSTOMERS),
        "priority": max(0, min(100, kind.priority + random.choice((-10, 0, 0, 0, 10, 25)))),
        "retry": {"kind": "exponential", "base_s": 2.0, "cap_s": 20.0, "jitter": 0.25},
    }
    if kind.must:
        spec["requirements"] = {"must": kind.must}
    if kind.job_type == "send-email" and random.random() < 0.1:
        spec["delay_s"] = random.uniform(5, 40)
    return spec


def _burst() -> list[JobSpec]:
    """A customer uploads an album, or mails all of its readers."""
    job_type, customer = random.choice(("make-thumbnail", "send-email")), random.choice(CUSTOMERS)
    return [
        {
            "job_type": job_type,
            "payload": {"number": number},
            "customer_id": customer,
            "priority": 35,
        }
        for number in range(random.randint(*_BURST_JOBS))
    ]


if __name__ == "__main__":
    main()
