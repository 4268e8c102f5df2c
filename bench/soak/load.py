"""What users of a hub do all day, in threads: submit, cancel, retry, look at pages, export."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import httpx

from bench.soak.fleet import JOB_TYPES

PAGES: Final = ("/", "/jobs", "/workers", "/analytics", "/submit", "/audit")
_ASKED: Final = ("/api/stats", "/api/snapshot", "/api/jobs?limit=100", "/api/queues", "/metrics")
_PAGE_EVERY_S: Final = 1.0
_EXPORT_EVERY_S: Final = 20.0


class Load:
    """Runs until stopped. `counted`: what was done, refusals and failures among it."""

    def __init__(self, hub_url: str, dashboard_url: str, jobs_per_s: float) -> None:
        self._hub = httpx.Client(base_url=hub_url, timeout=60)
        self._dashboard = httpx.Client(base_url=dashboard_url, timeout=60)
        self._rng = random.Random(1)
        self._ids: list[str] = []
        self.counted: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(act, pause_s), daemon=True)
            for act, pause_s in (
                (self._submit, 10 / jobs_per_s),
                (self._operate, 0.2),
                (self._look, _PAGE_EVERY_S),
                (self._export, _EXPORT_EVERY_S),
            )
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(90)
        self._hub.close()
        self._dashboard.close()

    def _repeat(self, act: Callable[[], None], pause_s: float) -> None:
        while not self._stopping.wait(self._rng.uniform(0, 2 * pause_s)):
            try:
                act()
            except httpx.HTTPError:
                self.counted["no answer"] += 1

    def _submit(self) -> None:
        rng = self._rng
        jobs: list[dict[str, Any]] = [
            {
                "job_type": rng.choice(JOB_TYPES),
                "payload": {"text": "x" * rng.randrange(2_000)},
                "priority": rng.randrange(101),
                "customer_id": f"c{rng.randrange(50)}",
                "retry": {"base_s": 0.5, "cap_s": 5},
                **({"delay_s": rng.uniform(0, 5)} if rng.random() < 0.1 else {}),
            }
            for _ in range(10)
        ]
        answer = self._hub.post("/api/jobs/batch", json={"jobs": jobs})
        made = [item["job"]["job_id"] for item in answer.json().get("results", []) if "job" in item]
        self._ids = (self._ids + made)[-500:]
        self._count("jobs submitted", answer, len(made))

    def _operate(self) -> None:
        if self._ids:
            job_id = self._rng.choice(self._ids)
            verb = self._rng.choice(("cancel", "retry", "retry"))
            self._count("actions", self._hub.post(f"/api/jobs/{job_id}/{verb}"))

    def _look(self) -> None:
        self._count("pages", self._dashboard.get(self._rng.choice(PAGES)))
        self._count("questions", self._hub.get(self._rng.choice(_ASKED)))

    def _export(self) -> None:
        for name in ("jobs", "metrics", "audit"):
            self._count("exports", self._hub.get(f"/api/export/{name}.csv"))

    def _count(self, what: str, answer: httpx.Response, number: int = 1) -> None:
        failed = answer.status_code >= 500
        self.counted["answered 5xx" if failed else what] += 1 if failed else number
