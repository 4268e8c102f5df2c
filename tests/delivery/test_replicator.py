"""The copy of the log goes on whatever happens to its subscription, and without a pause that anybody sees."""

from __future__ import annotations

import time
from typing import Any

from hub.job_broker import JobBroker
from hub.messages import SubmitRequest
from hub.redis_service import RedisService
from tests.support.stand import Stand
from tests.support.waiting import wait_until

SUBMIT = SubmitRequest(job_type="demo")


def kill_subscriptions(service: RedisService) -> None:
    service.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


def test_subscription_is_back_at_once_when_it_is_killed(stand: Stand, service: Any) -> None:
    replicator, took_s = stand.replicator, []
    for _ in range(10):
        before, killed_at = replicator.subscriptions, time.monotonic()
        kill_subscriptions(service)
        wait_until(lambda before=before: replicator.subscriptions > before)
        took_s.append(time.monotonic() - killed_at)
    assert min(took_s) < 0.045  # less than the wait after an attempt that failed
    assert replicator.restarts == 0


def test_events_come_in_order_when_the_subscription_is_killed_all_the_time(
    stand: Stand, service: RedisService, broker: JobBroker
) -> None:
    peer, model = stand.connect()
    for _ in range(40):
        broker.submit(SUBMIT, submitted_by="test")
        kill_subscriptions(service)
        broker.submit(SUBMIT, submitted_by="test")
    assert stand.differences(peer, model) == []
    assert model.heard["full_state_snapshot"] == 1
    assert stand.replicator.repairs > 0


def test_another_subscription_is_taken_when_one_brings_nothing_any_more(
    stand: Stand, broker: JobBroker
) -> None:
    replicator = stand.replicator
    before = replicator.subscriptions
    channel: Any = replicator._channel
    channel._connection.send_command("UNSUBSCRIBE")  # Redis keeps the connection, and says no more

    def taken_anew() -> bool:
        broker.submit(SUBMIT, submitted_by="test")
        return replicator.subscriptions > before

    wait_until(taken_anew, what="another subscription")


def test_subscription_is_kept_when_nothing_happens_for_long(stand: Stand, service: Any) -> None:
    before = stand.replicator.subscriptions
    looks = int(service.redis.info("commandstats")["cmdstat_hmget"]["calls"])

    def looked_four_times() -> bool:
        return int(service.redis.info("commandstats")["cmdstat_hmget"]["calls"]) >= looks + 4

    wait_until(looked_four_times, what="four looks after silence")
    assert stand.replicator.subscriptions == before
