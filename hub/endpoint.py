"""Where the hub is and which token opens it, for programs that use the SDK."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import urlsplit

import msgspec

from hub.errors import InvalidInput

DEFAULT_URL: Final = "http://127.0.0.1:8000"


class Endpoint(msgspec.Struct, frozen=True):
    """A hub: its HTTP address without a slash at the end, and the caller's token."""

    url: str
    token: str | None = None

    @classmethod
    def find(cls, url: str | None = None, token: str | None = None) -> Endpoint:
        """Take what is given, else JOBHUB_HUB_URL and JOBHUB_TOKEN, else the hub on this machine.

        Raises: InvalidInput: the URL is not http:// or https:// with a host.
        """
        address = (url or os.environ.get("JOBHUB_HUB_URL") or DEFAULT_URL).rstrip("/")
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"{address!r} is not an http:// or https:// address", field="url")
        return cls(address, token or os.environ.get("JOBHUB_TOKEN") or None)

    def socket_url(self, path: str) -> str:
        """The address of a socket of the hub, such as `/ws/worker`."""
        return "ws" + self.url.removeprefix("http") + path

    def headers(self) -> dict[str, str]:
        """The headers that name the caller."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
