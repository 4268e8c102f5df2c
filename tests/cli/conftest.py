"""A command line that talks to the test's hub."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.commands import Ended, run_jobhub
from tests.support.processes import Server

Jobhub = Callable[..., Ended]


@pytest.fixture
def jobhub(hub: Server) -> Jobhub:
    """Run a command against the hub of this test."""

    def run(*args: str, **options: object) -> Ended:
        return run_jobhub(*args, environ={"JOBHUB_HUB_URL": hub.url}, **options)  # type: ignore[arg-type]

    return run
