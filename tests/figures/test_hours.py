"""Rows of hours came later than the others: what an older hub closed has none, and is told by quarters."""

from __future__ import annotations

import pytest

from hub.metrics import MetricsReader
from hub.redis_service import RedisService
from hub.steps import DAY_S
from tests.support.ledger import START, Play, expected, told

HOUR_S = 3_600


@pytest.fixture
def play(redis_url: str):
    play = Play(redis_url, often=False)
    yield play
    play.service.close()


def work(play: Play, jobs: int) -> None:
    """A job every twenty minutes."""
    for _ in range(jobs):
        play.submit("mail")
        play.wait(4_000)
        play.take("")
        play.wait(1_196_000)
        play.complete(0)
    play.wait(2_000)
    play.close()


def leave_as_an_older_hub(service: RedisService) -> None:
    """Quarters add to the day, nothing to hours, and `closing` knows of none."""
    keys, client = service.keys, service.redis
    for key in client.scan_iter(keys.of("open", f"{HOUR_S}:*")):
        start_s = int(key.rpartition(b":")[2])
        day = keys.of("open", f"{DAY_S}:{start_s - start_s % DAY_S}")
        for field, count in client.hgetall(key).items():
            client.hincrby(day, field, int(count))
        client.delete(key)
    for key in client.scan_iter(keys.of("sealed", f"{HOUR_S}:*")):
        client.delete(key)
    client.hdel(keys.key("closing"), "hours", "hours_closed")


def assert_buckets_equal_the_ledger(play: Play) -> None:
    for step_s in (HOUR_S, 6 * HOUR_S, DAY_S):
        found = {
            at: row for at, figures in play.rows(step_s, "all").items() if (row := told(figures))
        }
        assert found == expected(play.ledger, step_s, None)
    reader, until = MetricsReader(play.service), play.now // 1000 + 1
    total = told(reader.total(START // 1000 - DAY_S, until))
    assert total["completed"] == sum(
        by for (figure, _, _), by in play.ledger.counts.items() if figure == "completed"
    )


def test_hours_are_whole_when_a_hub_begins_in_the_middle_of_one(play: Play) -> None:
    work(play, 8)
    assert_buckets_equal_the_ledger(play)
    sealed = play.service.keys.of("sealed", f"{HOUR_S}:*")
    assert list(play.service.redis.scan_iter(sealed))


def test_hours_are_whole_when_an_older_hub_closed_the_ones_before(play: Play) -> None:
    work(play, 7)
    leave_as_an_older_hub(play.service)
    assert_buckets_equal_the_ledger(play)
    work(play, 8)
    assert_buckets_equal_the_ledger(play)


def test_hours_are_whole_when_an_older_hub_closes_some_seconds_between(play: Play) -> None:
    """While hubs are upgraded one by one, each may close the next second."""
    work(play, 7)
    closing = play.service.keys.key("closing")
    hours = int(play.service.redis.hget(closing, "hours"))
    play.service.redis.hset(closing, "hours_closed", "1")  # an older one went on from there
    work(play, 8)
    assert int(play.service.redis.hget(closing, "hours")) > hours
    assert_buckets_equal_the_ledger(play)
