"""A hub with a token of every role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from hub.roles import ROLES
from tests.support.processes import hub_environ, serving

ROOT_TOKEN = "root-secret"


class Guarded:
    """A hub with JOBHUB_TOKEN and the tokens of all roles, by role."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tokens: dict[str, str] = {}
        with self.client(ROOT_TOKEN) as root:
            for role in ROLES:
                made = root.post("/api/tokens", json={"name": f"the-{role}", "role": role})
                self.tokens[role] = made.json()["token"]

    def client(self, token: str | None) -> httpx.Client:
        """An HTTP client with this token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def as_(self, role: str) -> httpx.Client:
        """An HTTP client with the token of a role."""
        return self.client(self.tokens[role])


@contextmanager
def guarded_hub(redis_url: str, namespace: str, data_dir: Path) -> Iterator[Guarded]:
    """Run a hub that asks for tokens."""
    environ = hub_environ(redis_url, namespace, data_dir, token=ROOT_TOKEN)
    with serving("hub", environ=environ) as server:
        yield Guarded(server.url)
