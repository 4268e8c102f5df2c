"""A past to play, on the test clock."""

from __future__ import annotations

import pytest

from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.maintenance import Maintenance
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry
from tests.support.history import History
from tests.support.ledger import START


@pytest.fixture
def history(service: RedisService, redis_url: str, namespace: str) -> History:
    # Virtual time jumps by minutes between two heartbeats: leases are long here. Records stay to be compared.
    patient: dict[str, float] = {"lease_s": 80_000.0, "keep_finished_s": 86_400 * 300}
    settings = load_settings({}, {"redis_url": redis_url, "namespace": namespace, **patient})
    history = History(
        service,
        JobBroker(service, settings),
        WorkerRegistry(service, settings),
        Maintenance(service, settings),
    )
    history.begin(START)
    return history
