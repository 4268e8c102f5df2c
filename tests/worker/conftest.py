"""Hubs that can be killed and restarted, and workers in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.client import HubClient
from tests.support.processes import Server, serving_hub
from tests.support.waiting import wait_until

PROGRAM = str(Path(__file__).with_name("holding_worker.py"))


class Holder:
    """A process of `holding_worker.py`."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def wait_for(self, line: str, timeout_s: float = 30.0) -> None:
        """Wait until the program has said a line."""
        wait_until(
            lambda: line in self.server.lines,
            timeout_s=timeout_s,
            what=f"{line!r} among {self.server.lines}",
        )


StartHolder = Callable[..., Holder]


@pytest.fixture
def short_lease_env(hub_env: dict[str, str]) -> dict[str, str]:
    """Settings of a hub that gives up on a silent worker after two seconds."""
    return {**hub_env, "JOBHUB_LEASE_S": "2", "JOBHUB_HEARTBEAT_S": "0.5"}


@pytest.fixture
def short_lease_hub(short_lease_env: dict[str, str]) -> Iterator[Server]:
    """A hub with a lease of two seconds."""
    with serving_hub(short_lease_env) as server:
        yield server


@pytest.fixture
def start_holder() -> Iterator[StartHolder]:
    """Start worker processes; they are killed at the end."""
    with ExitStack() as stack:

        def start(
            hub_url: str, *, slots: int = 1, prefetch: int = 0, pool: str = "thread", **env: str
        ) -> Holder:
            server = Server(
                [str(slots), str(prefetch), pool],
                {"JOBHUB_HUB_URL": hub_url, "PYTHONPATH": str(Path.cwd()), **env},
                program=(PROGRAM,),
            )
            stack.callback(server.kill)
            holder = Holder(server)
            holder.wait_for("ready")
            return holder

        yield start


@pytest.fixture
def client(hub: Server) -> Iterator[HubClient]:
    """A client of the test's hub."""
    with HubClient(hub.url) as client:
        yield client
