"""The stage of the model test: two hubs on one Redis, and the plain model beside them."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.messages import HeldJob, Register
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.model.drawn import TYPES, operations
from tests.model.plain import Plain
from tests.model.plain_records import PlainWorker
from tests.model.stored import EventCheck

T = TypeVar("T")

numbers = itertools.count()


class TwoHubs(RuleBasedStateMachine):
    """Two hubs, one Redis, one model. Time stands still but where an operation moves it."""

    url = ""
    moves: set[tuple[str, str]]

    @initialize()
    def begin(self) -> None:
        keys = Keys(f"model{next(numbers)}")
        configured = load_settings({}, {"redis_url": self.url})
        self.services = [RedisService(self.url, keys) for _ in range(2)]
        self.brokers = [JobBroker(service, configured) for service in self.services]
        self.registries = [WorkerRegistry(service, configured) for service in self.services]
        self.redis = self.services[0].redis
        seconds, micros = self.redis.time()
        self.plain = Plain(seconds * 1000 + micros // 1000 + 86_400_000)
        self._set_clock()
        self.events = EventCheck(self.services[0], self.moves)
        self.grants: list[tuple[str, str, int]] = []
        self.fence = 0
        self.turn = 0
        self.connections = 0
        for worker_id, job_types, gpu in (("w1", TYPES, 2), ("w2", ("a",), 0), ("w3", TYPES, 1)):
            self._connect(worker_id, job_types, gpu, 1, [])

    @rule(name=operations, data=st.data())
    def step(self, name: str, data: st.DataObject) -> None:
        if name in ("act", "update") and not self.plain.jobs:
            name = "submit"
        if name in ("settle", "progress", "revive") and not self.grants:
            name = "work"
        method = getattr(self, name)
        arguments = data.draw(method.arguments, label=name)
        method(**arguments, **({"data": data} if method.draws else {}))

    def teardown(self) -> None:
        if hasattr(self, "redis"):
            names = self.redis.keys(self.services[0].keys.key("meta").removesuffix("meta") + "*")
            if names:
                self.redis.delete(*names)
            for service in self.services:
                service.close()

    def _set_clock(self) -> None:
        """The scripts take the last time seen when it is ahead of Redis TIME: it stands still there."""
        self.redis.hset(self.services[0].keys.meta, "last_ms", self.plain.now)

    @property
    def broker(self) -> JobBroker:
        """Either hub's, in turn."""
        self.turn += 1
        return self.brokers[self.turn % 2]

    @property
    def registry(self) -> WorkerRegistry:
        """Either hub's, in turn."""
        return self.registries[self.turn % 2]

    def _run(self, name: str, **args: Any) -> Any:
        return self.services[self.turn % 2].run(name, **args)

    def _connect(
        self, worker_id: str, job_types: Any, gpu: int, prefetch: int, held: list[tuple[str, int]]
    ) -> None:
        self.connections += 1
        connection = f"c{self.connections}"
        message = Register(
            worker_id=worker_id,
            job_types=list(job_types),
            capabilities={"gpu": gpu},
            slots=1,
            prefetch=prefetch,
            resume=[HeldJob(job_id=job_id, fence=fence) for job_id, fence in held],
        )
        reply = self.registry.register(message, connection)
        fresh = PlainWorker(worker_id, job_types, gpu, prefetch, connection, self.plain.now)
        verdicts, again = self.plain.register(fresh, held)
        assert [verdict.action for verdict in reply.jobs] == verdicts
        assert sorted(item.fence for item in reply.assignments) == sorted(again)

    def _one(self, data: st.DataObject, items: list[T]) -> T:
        """Draw by place: ids differ from run to run."""
        return items[-1 - data.draw(st.integers(0, min(7, len(items) - 1)))]

    def _some(self, data: st.DataObject, items: list[T]) -> list[T]:
        places = st.integers(0, min(7, len(items) - 1))
        drawn = data.draw(st.lists(places, max_size=3, unique=True)) if items else []
        return [items[-1 - place] for place in drawn]
