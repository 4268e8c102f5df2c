"""How a request of `HubClient` reaches the hub: over the client socket where it can, else over HTTP."""

from __future__ import annotations

import os
import threading
from typing import Final, TypeVar

import httpx

from hub.client.calls import Call
from hub.client.client_socket import ClientSocket, NoSocket, NotYet
from hub.client.outcomes import read_refusal
from hub.endpoint import Endpoint

T = TypeVar("T")
_CONNECTIONS: Final = 64  # threads that wait at once; more of them wait for a connection


class Transport:
    """Connections of one process, each made when it is first needed.

    After a fork the child makes its own: two processes on one connection would take each other's answers.
    """

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self.endpoint = endpoint
        self._timeout_s = timeout_s
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._making = threading.Lock()
        self._http: httpx.Client | None = None
        self._socket = ClientSocket(self.endpoint, self._timeout_s)

    def perform(self, call: Call[T]) -> T:
        """Send a request once and read its answer.

        Raises: httpx.TransportError, Unanswered; hub.errors.JobhubError: the hub's refusal.
        """
        if self._pid != os.getpid():
            self._forget()
        try:
            return self._socket.perform(call)
        except NoSocket:
            return self.perform_over_http(call)
        except NotYet:
            return self.perform_over_http(call.at_once)

    def perform_over_http(self, call: Call[T]) -> T:
        """Send a request as HTTP."""
        response = self._open_http().request(**call.over_http(self._timeout_s))
        if response.is_success:
            return call.read(response.content)
        raise read_refusal(response.status_code, response.content)

    def close(self) -> None:
        """Close the connections of this process."""
        if self._pid != os.getpid():
            return
        self._socket.close()
        if self._http is not None:
            self._http.close()

    def _open_http(self) -> httpx.Client:
        with self._making:
            if self._http is None:
                self._http = httpx.Client(
                    base_url=self.endpoint.url,
                    headers=self.endpoint.headers(),
                    limits=httpx.Limits(
                        max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS
                    ),
                )
            return self._http
