"""What monitors show equals Redis at the seq that they name, whatever they filter, however slow they are."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from hub.chaos.load import JOB_TYPES, WORKERS, Load
from hub.maintenance import Maintenance
from tests.support.stand import Stand

FILTERS: list[dict[str, Any]] = [
    {},
    {"job_types": ["mail"]},
    {"job_types": ["rare"]},
    {"worker_ids": list(WORKERS[:2])},
    {"priority_range": [60, 100]},
    {"job_types": list(JOB_TYPES[:2]), "priority_range": [0, 50]},
]


@pytest.mark.parametrize("seed", range(3))
def test_records_equal_redis_when_monitors_filter_stall_and_come_back(
    stand: Stand, load: Callable[..., Load], maintenance: Maintenance, seed: int
) -> None:
    rng = random.Random(seed)
    driver = load(seed, backlog=rng.choice((40, 150, 300)))
    for place, filters in enumerate(FILTERS):
        stand.connect(filters, form=("compact", "plain")[(place + seed) % 2])
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
    for peer, model in stand.monitors:
        stand.settle(peer, model)
