"""Fixtures for pytest: put `pytest_plugins = ["hub.testing.fixtures"]` into the top conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.testing.embedded_hub import EmbeddedHub, running_hub


@pytest.fixture(scope="session")
def jobhub() -> Iterator[EmbeddedHub]:
    """A real hub, one for the whole session; tests keep apart by their job types."""
    with running_hub() as hub:
        yield hub
