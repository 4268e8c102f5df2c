"""What monitors show equals Redis at the seq that they name, whatever they filter, however slow they are."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec
import pytest

from hub.chaos.load import JOB_TYPES, WORKERS, Load
from hub.chaos.monitor_model import MonitorModel
from hub.config import Settings
from hub.event_broadcaster import EventBroadcaster
from hub.maintenance import Maintenance
from hub.messages import Filters, ResumePoint
from hub.redis_service import RedisService
from hub.replicator import Replicator
from hub.snapshot import SnapshotReader
from hub.subscription import Subscription
from tests.support.monitors import RecordingPeer
from tests.support.waiting import wait_until

ALL = ("jobs", "workers", "system_stats")
FILTERS: list[dict[str, Any]] = [
    {},
    {"job_types": ["mail"]},
    {"job_types": ["rare"]},
    {"worker_ids": list(WORKERS[:2])},
    {"priority_range": [60, 100]},
    {"job_types": list(JOB_TYPES[:2]), "priority_range": [0, 50]},
]


class Stand:
    """A replicator and a broadcaster on the test's namespace, with monitors in memory."""

    def __init__(self, service: RedisService, settings: Settings) -> None:
        self.snapshots = SnapshotReader(service)
        self.replicator = Replicator(service, self.snapshots, settings.ring_events)
        self.broadcaster = EventBroadcaster(service, self.snapshots, self.replicator, settings)
        self.monitors: list[tuple[RecordingPeer, MonitorModel]] = []

    def start(self) -> None:
        self.replicator.start()
        assert self.replicator.wait_ready(20)
        self.broadcaster.start()

    def stop(self) -> None:
        self.broadcaster.stop()
        self.replicator.stop()

    def connect(
        self, filters: dict[str, Any], model: MonitorModel | None = None
    ) -> tuple[RecordingPeer, MonitorModel]:
        peer = RecordingPeer()
        resume = None
        if model is not None:
            resume = ResumePoint(epoch=model.epoch, seq=model.seq)
        subscription = Subscription(ALL, msgspec.convert(filters, Filters))
        self.broadcaster.seat(cast(Any, peer), subscription, resume)
        monitor = (peer, model or MonitorModel(filters))
        self.monitors.append(monitor)
        return monitor

    def reconnect(self, place: int) -> None:
        peer, model = self.monitors.pop(place)
        self.broadcaster.leave(cast(Any, peer))
        peer.feed(model)
        peer.closed = True
        self.connect(model.filters, model)

    def truth(self) -> Any:
        return msgspec.json.decode(self.snapshots.read(deep=True).document())

    def differences(self, peer: RecordingPeer, model: MonitorModel) -> list[str]:
        """Compare at one seq: wait until the monitor is where Redis is."""

        def at_the_head() -> Any:
            peer.drain()
            peer.feed(model)
            truth = self.truth()
            return truth if (truth["epoch"], truth["seq"]) == (model.epoch, model.seq) else None

        truth = wait_until(at_the_head, what=f"the head of the log; model at {model.seq}")
        return model.differences(truth)


@pytest.fixture
def stand(service: RedisService, settings: Settings) -> Iterator[Stand]:
    stand = Stand(service, settings)
    stand.start()
    yield stand
    stand.stop()


@pytest.fixture
def load(redis_url: str, namespace: str, settings: Settings) -> Iterator[Callable[..., Load]]:
    loads: list[Load] = []

    def make(seed: int, **options: Any) -> Load:
        load = Load(redis_url, namespace, settings, random.Random(seed), **options)
        load.begin()
        loads.append(load)
        return load

    yield make
    for made in loads:
        made.close()


@pytest.mark.parametrize("seed", range(4))
def test_records_equal_redis_when_monitors_filter_stall_and_come_back(
    stand: Stand, load: Callable[..., Load], maintenance: Maintenance, seed: int
) -> None:
    rng = random.Random(seed)
    driver = load(seed, backlog=rng.choice((40, 150, 300)))
    for filters in FILTERS:
        stand.connect(filters)
    for step in range(1_500):
        driver.act()
        if step % 100 == 0:
            maintenance.run_once()
        if rng.random() < 0.02:
            peer, model = rng.choice(stand.monitors)
            peer.open = not peer.open
            if peer.open:
                peer.drain()
            peer.feed(model)
        if rng.random() < 0.01:
            stand.reconnect(rng.randrange(len(stand.monitors)))
    for peer, model in stand.monitors:
        peer.open = True
        assert stand.differences(peer, model) == []
        assert not peer.closed
