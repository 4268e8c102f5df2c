"""How a request of `AsyncHubClient` reaches the hub: over the client socket where it can, else over HTTP."""

from __future__ import annotations

from typing import TypeVar

import httpx

from hub.client.async_client_socket import AsyncClientSocket
from hub.client.calls import Call
from hub.client.client_socket import NoSocket, NotYet
from hub.client.outcomes import read_refusal
from hub.endpoint import Endpoint

T = TypeVar("T")


class AsyncTransport:
    """The connections of one event loop, each made when it is first needed."""

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self.endpoint = endpoint
        self._timeout_s = timeout_s
        self._socket = AsyncClientSocket(endpoint, timeout_s)
        self._http = httpx.AsyncClient(base_url=endpoint.url, headers=endpoint.headers())

    async def perform(self, call: Call[T]) -> T:
        """Send a request once and read its answer.

        Raises: httpx.TransportError, Unanswered; hub.errors.JobhubError: the hub's refusal.
        """
        try:
            return await self._socket.perform(call)
        except NoSocket:
            return await self.perform_over_http(call)
        except NotYet:
            return await self.perform_over_http(call.at_once)

    async def perform_over_http(self, call: Call[T]) -> T:
        """Send a request as HTTP."""
        response = await self._http.request(**call.over_http(self._timeout_s))
        if response.is_success:
            return call.read(response.content)
        raise read_refusal(response.status_code, response.content)

    async def close(self) -> None:
        """Close the connections."""
        await self._socket.close()
        await self._http.aclose()
