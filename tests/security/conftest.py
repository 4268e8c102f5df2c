"""A hub that asks for tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.roles import Guarded, guarded_hub


@pytest.fixture
def guarded(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Guarded]:
    """A hub with JOBHUB_TOKEN and a token of every role."""
    with guarded_hub(redis_url, namespace, tmp_path) as hub:
        yield hub
