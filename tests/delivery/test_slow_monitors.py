"""Slow, stuck and hostile monitors: they get what their link carries, and nobody else notices."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from hub.chaos.link import Link
from hub.chaos.load import Load
from hub.chaos.monitor import ChaosMonitor
from hub.config import Settings
from hub.job_broker import JobBroker
from hub.messages import SubmitRequest
from hub.redis_service import RedisService
from hub.snapshot import SnapshotReader
from tests.support.processes import Server, hub_environ, serving
from tests.support.raw_monitor import RawMonitor
from tests.support.sockets import open_monitor, open_socket
from tests.support.waiting import wait_until

SUBMIT = SubmitRequest(job_type="demo")


@pytest.fixture
def stuck(hub: Server) -> Iterator[RawMonitor]:
    monitor = RawMonitor(hub.url)
    yield monitor
    monitor.close()


def lag_ms(monitor: Any, broker: JobBroker, snapshots: SnapshotReader) -> float:
    """Submit a job; returns how long it took until the monitor was as far as Redis is with it."""
    started = time.monotonic()
    broker.submit(SUBMIT, submitted_by="test")
    seq = snapshots.read_position().seq
    while monitor.receive_type("events")["seq"] < seq:
        pass
    return (time.monotonic() - started) * 1_000


def test_monitor_that_never_reads_is_closed_4008_when_others_go_on(
    hub: Server, broker: JobBroker, stuck: RawMonitor, service: RedisService
) -> None:
    snapshots = SnapshotReader(service)
    with open_monitor(hub.url) as monitor, httpx.Client(base_url=hub.url) as api:
        monitor.receive_type("full_state_snapshot")
        lags = []
        until = time.monotonic() + 60

        def closed() -> bool:
            return "jobhub_monitor_slow_closes_total 1.0" in api.get("/metrics").text

        # While its snapshot may still be on the way a monitor has 30 s; the hub looks four times a second.
        wait_until(stuck.has_snapshot, what="the small snapshot of the stuck monitor")
        looked_at = time.monotonic() + 0.5
        wait_until(lambda: time.monotonic() > looked_at)
        broker.submit_batch([SUBMIT] * 300, submitted_by="test")  # more than the kernel holds
        while not closed() and time.monotonic() < until:
            lags.append(lag_ms(monitor, broker, snapshots))
        assert closed()
        lags.sort()
        assert lags[len(lags) // 2] < 500
    code, frames = stuck.read_to_close()
    assert code == 4008
    assert frames > 2


def test_extensions_are_declined_when_a_monitor_offers_deflate(stuck: RawMonitor) -> None:
    assert b"101" in stuck.head
    assert b"extensions" not in stuck.head.lower()


@pytest.mark.slow
def test_slow_link_gets_there_when_more_happens_than_it_carries(
    hub: Server, redis_url: str, namespace: str, settings: Settings, service: Any
) -> None:
    host, port = hub.url.removeprefix("http://").split(":")
    link = Link((host, int(port)))
    link.bytes_per_s = 8_000
    load = Load(redis_url, namespace, settings, random.Random(3), backlog=30)
    load.begin()
    monitor = ChaosMonitor("slow", lambda: f"ws://127.0.0.1:{link.port}", {}, random.Random(4))
    monitor.start()
    stopping = threading.Event()
    thread = threading.Thread(target=load.run, args=(stopping,), daemon=True)
    thread.start()
    snapshots = SnapshotReader(service)
    try:
        stopping.wait(1.0)
        stopping.set()
        thread.join()
        wait_until(
            lambda: monitor.model.seq >= snapshots.read_position().seq - 1,
            timeout_s=90,
            what=f"the head; {monitor.counted}",
        )
        assert monitor.counted["connects"] == 1, monitor.counted
        assert monitor.counted["false alarms"] == 0
    finally:
        stopping.set()
        monitor.stop()
        link.close()
        load.close()


def test_monitor_is_closed_1012_when_the_hub_is_told_to_end(hub: Server) -> None:
    with open_monitor(hub.url) as monitor:
        monitor.receive_type("full_state_snapshot")
        hub.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                monitor.receive(20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    assert hub.process.wait(30) == 0


def test_every_subscribe_is_answered_when_a_monitor_changes_its_mind_all_the_time(
    hub: Server,
) -> None:
    with open_monitor(hub.url) as monitor:
        for place in range(8):
            filters = {"job_types": [f"t{place}"]}
            monitor.send("subscribe", topics=["jobs"], filters=filters, request_id=f"r{place}")
        confirmed = [monitor.receive_type("subscription_confirmed") for _ in range(8)]
        assert [message["request_id"] for message in confirmed] == [f"r{n}" for n in range(8)]
        assert monitor.receive_type("full_state_snapshot")["seq"] >= 0
        started = time.monotonic()
        for _ in range(4):
            monitor.send("subscribe", topics=["jobs"])
        for _ in range(4):
            monitor.receive_type("full_state_snapshot")
        assert time.monotonic() - started > 1  # beyond ten, one a second


def test_whole_state_is_pushed_when_a_monitor_polls_and_the_setting_is_on(
    redis_url: str, namespace: str, tmp_path: Path, broker: JobBroker
) -> None:
    broker.submit(SUBMIT, submitted_by="test")
    environ = hub_environ(redis_url, namespace, tmp_path, stats_broadcast="on")
    with serving("hub", environ=environ) as server, open_socket(server.url, "/ws/monitor") as peer:
        peer.send("monitor_connect", monitor_id="m", transport="polling")
        peer.send("subscribe", topics=["jobs"])
        assert peer.receive()["type"] == "subscription_confirmed"
        first = peer.receive()
        assert first["type"] == "stats_broadcast"
        assert first["data"]["counts"]["pending"] == 1
        broker.submit(SUBMIT, submitted_by="test")
        assert peer.receive()["data"]["counts"]["pending"] == 2


def test_events_come_when_a_monitor_polls_and_the_setting_is_off(hub: Server) -> None:
    with open_socket(hub.url, "/ws/monitor") as peer:
        peer.send("monitor_connect", monitor_id="m", transport="polling")
        peer.send("subscribe", topics=["jobs"])
        assert peer.receive()["type"] == "subscription_confirmed"
        assert peer.receive()["type"] == "full_state_snapshot"
