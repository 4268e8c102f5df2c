"""A replicator and a broadcaster with monitors in memory, compared with Redis."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from hub.chaos.monitor_model import MonitorModel
from hub.config import Settings
from hub.event_broadcaster import EventBroadcaster
from hub.messages import Filters, ResumePoint
from hub.redis_service import RedisService
from hub.replicator import Replicator
from hub.snapshot import SnapshotReader
from hub.subscription import Subscription
from tests.support.monitors import RecordingPeer
from tests.support.waiting import wait_until

ALL = ("jobs", "workers", "system_stats")


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
        self,
        filters: dict[str, Any] | None = None,
        model: MonitorModel | None = None,
        *,
        form: str = "plain",
        says_short: bool = True,
    ) -> tuple[RecordingPeer, MonitorModel]:
        peer = RecordingPeer()
        peer.form = form
        resume = None
        if model is not None:
            short = model.place["short"] if says_short else None
            resume = ResumePoint(epoch=model.epoch, seq=model.seq, short=short)
        subscription = Subscription(ALL, msgspec.convert(filters or {}, Filters), form)
        self.broadcaster.seat(cast(Any, peer), subscription, resume)
        monitor = (peer, model or MonitorModel(filters))
        self.monitors.append(monitor)
        return monitor

    def reconnect(self, place: int, at: Stand | None = None, *, says_short: bool = True) -> None:
        """Cut a monitor's connection; it goes on here, or at another hub."""
        peer, model = self.monitors.pop(place)
        self.broadcaster.leave(cast(Any, peer))
        peer.feed(model)
        peer.closed = True
        (at or self).connect(model.filters, model, form=peer.form, says_short=says_short)

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

    def settle(self, peer: RecordingPeer, model: MonitorModel) -> None:
        """Wait until the monitor shows everything: late progress and refilled lists too."""

        left: list[str] = []

        def settled() -> bool:
            peer.drain()
            peer.feed(model)
            left[:] = model.differences(self.truth(), settled=True)
            return not left

        try:
            wait_until(settled, what="everything on the screen of " + repr(model.filters))
        except AssertionError as error:
            raise AssertionError(f"{error}; left: {left}") from None
