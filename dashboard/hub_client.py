"""The hub's HTTP API as the dashboard's server uses it, with the token that browsers never see.

JobhubError
├── HubUnreachable   no answer: down, starting, or the URL is wrong
└── HubRefused       the hub's own problem document, word for word
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import httpx

from dashboard.person import OPEN, Person
from hub.errors import Forbidden, JobhubError
from hub.logs import REQUEST_ID_HEADER, request_id

_ANSWER_S: Final = 10.0
_CONNECT_S: Final = 3.0
_SNAPSHOT_S: Final = 3.0  # a person waits for the page meanwhile
_CONNECTIONS: Final = 50
_TICKETS: Final = "/api/tickets"  # a viewer gets one too: it opens a monitor, which changes nothing
_ACTOR_HEADER: Final = "Jobhub-Actor"
_ERROR_NUMBER: Final = re.compile(r"\[Errno -?\d+\] ")


class HubUnreachable(JobhubError):
    """The hub gave no answer."""

    code = "hub_unreachable"
    status = 502


class HubRefused(JobhubError):
    """The hub answered with a problem; `status`, `code` and `field` are the hub's."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        super().__init__(
            str(problem.get("detail") or problem.get("title") or f"the hub answered {status}"),
            field=problem.get("field"),
            code=str(problem.get("code") or "error"),
        )
        self.status = status


class HubApi:
    """One connection pool to one hub; safe for threads.

    Args: asking: tells for whom the hub is asked. Every request passes one check: a viewer's may not change
          anything, and an operator's carries the name into the audit log.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        asking: Callable[[], Person] = lambda: OPEN,
    ) -> None:
        self._asking = asking
        self.url = url
        self.needs_ticket = token is not None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(_ANSWER_S, connect=_CONNECT_S),
            limits=httpx.Limits(max_connections=_CONNECTIONS),
            event_hooks={"request": [self._in_whose_name]},
            trust_env=False,  # a proxy of the environment is not for the hub next door
        )

    def snapshot(self) -> Any:
        """Read `{epoch, seq, timestamp, data}`.

        Raises: HubUnreachable, HubRefused.
        """
        return self.get("/api/snapshot", timeout_s=_SNAPSHOT_S)

    def ticket(self) -> Any:
        """Get a ticket that opens one monitor socket: `{ticket, expires_in_s}`.

        Raises: HubUnreachable, HubRefused.
        """
        return self.post(_TICKETS, {"role": self._asking().role})

    def get(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = _ANSWER_S,
    ) -> Any:
        """Read JSON.

        Raises: HubUnreachable, HubRefused.
        """
        return self._ask("GET", path, params=query, timeout=httpx.Timeout(timeout_s))

    def post(self, path: str, body: Any = None) -> Any:
        """Change something; returns the hub's answer.

        Raises: HubUnreachable: it may or may not have happened. HubRefused.
        """
        return self._ask("POST", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """Set something, as `post`."""
        return self._ask("PUT", path, json=body)

    def forward(
        self, method: str, path: str, query: Mapping[str, Any], content: bytes | None = None
    ) -> tuple[int, bytes]:
        """Pass a page's own request on; returns the hub's status and JSON, refusals included.

        Raises: HubUnreachable: a change may or may not have happened.
        """
        headers = {"Content-Type": "application/json"} if content is not None else {}
        try:
            response = self._client.request(
                method, path, params=query, content=content, headers=headers
            )
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        return response.status_code, response.content

    @contextmanager
    def stream(
        self, path: str, query: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[httpx.Headers, Iterator[bytes]]]:
        """Read a long answer in pieces, as it arrives: its headers and its bytes.

        Raises: HubUnreachable, HubRefused: before the first byte.
        """
        try:
            with self._client.stream("GET", path, params=query) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield response.headers, response.iter_bytes()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        try:
            response = self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if response.is_error:
            raise _refusal(response)
        return response.json()

    def _in_whose_name(self, request: httpx.Request) -> None:
        """Refuse what the person may not. Raises: Forbidden; HubUnreachable: it is not known who that is."""
        person = self._asking()
        if person.failure is not None:
            raise HubUnreachable(person.failure)
        changes = request.method != "GET" and request.url.path != _TICKETS
        if changes and person.role != "operator":
            raise Forbidden("a viewer changes nothing")
        if person.name is not None:
            request.headers[_ACTOR_HEADER] = person.name
        asked = request_id.get()
        if asked is not None:  # both logs tell of one click under one id
            request.headers[REQUEST_ID_HEADER] = asked

    def _unreachable(self, error: httpx.HTTPError) -> HubUnreachable:
        if isinstance(error, httpx.TimeoutException):
            return HubUnreachable(f"The hub at {self.url} did not answer in time.")
        reason = _ERROR_NUMBER.sub("", str(error)) or type(error).__name__
        return HubUnreachable(f"The hub at {self.url} cannot be reached: {reason}.")


def segment(name: str) -> str:
    """Write an id into a path of the API."""
    return quote(name, safe="")


def _refusal(response: httpx.Response) -> HubRefused:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    return HubRefused(problem if isinstance(problem, dict) else {}, response.status_code)
