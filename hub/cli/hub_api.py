"""The hub's HTTP API as commands use it: typed answers, and failures that a terminal can show.

Not `hub.client`: that repeats what fails, as a program wants it; who types a command wants to know now.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from hub.config import Settings
from hub.errors import JobhubError, Unavailable

T = TypeVar("T")

_TIMEOUT_S: Final = 30.0


class Refused(JobhubError):
    """The hub answered, and said no."""


class HubApi:
    """One hub; closes its connections at the end of a `with`."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.hub_url
        headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_S)

    def __enter__(self) -> HubApi:
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.close()

    def get(self, path: str, shape: type[T], **query: Any) -> T:
        """Read `path` into `shape`; a list in the query becomes words between commas, None is left out.

        Raises: Refused; Unavailable: no hub answers.
        """
        return self._ask("GET", path, shape, params=_query(query))

    def post(self, path: str, shape: type[T], body: Any = None, *, wait_s: float = 0) -> T:
        """Send `body` as JSON; nothing where it is None.

        Raises: Refused; Unavailable: no hub answers.
        """
        content = b"" if body is None else msgspec.json.encode(body)
        return self._ask("POST", path, shape, content=content, timeout=_TIMEOUT_S + wait_s)

    def delete(self, path: str, shape: type[T]) -> T:
        """Delete `path`.

        Raises: Refused; Unavailable: no hub answers.
        """
        return self._ask("DELETE", path, shape)

    @contextmanager
    def stream(self, path: str, **query: Any) -> Iterator[Iterator[bytes]]:
        """Read `path` in pieces as they come, however long it is.

        Raises: Refused; Unavailable: no hub answers, or it stopped before the end.
        """
        with (
            self._failures(),
            self._http.stream("GET", path, params=_query(query)) as response,
        ):
            if response.is_error:
                response.read()
                raise _refusal(response)
            yield response.iter_bytes()

    def _ask(self, method: str, path: str, shape: type[T], **options: Any) -> T:
        with self._failures():
            response = self._http.request(method, path, **options)
        if response.is_error:
            raise _refusal(response)
        try:
            return msgspec.json.decode(response.content, type=shape)
        except msgspec.MsgspecError:
            raise Unavailable(
                f"{self.url} is not a Jobhub hub of this version", field="JOBHUB_HUB_URL"
            ) from None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise Unavailable(f"{self.url} is not an http URL", field="JOBHUB_HUB_URL") from None
        except httpx.ConnectError:
            raise no_hub(self.url) from None
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise Unavailable(f"the hub at {self.url} did not answer: {why}") from None


def no_hub(url: str) -> Unavailable:
    """Say that nobody listens at `url`, and what to do about it."""
    return Unavailable(
        f"no hub answers at {url}; start one with `jobhub up`, or name yours with --hub-url",
        field="JOBHUB_HUB_URL",
    )


def segment(name: str) -> str:
    """Write an id into a path; a slash is encoded, so that `gpu/drain` is a worker and no action."""
    return quote(name, safe=":@")


class _Problem(msgspec.Struct):
    code: str = "error"
    detail: str = ""
    field: str | None = None


def _refusal(response: httpx.Response) -> Refused:
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem(detail=f"the hub answered {response.status_code}")
    return Refused(
        problem.detail or f"the hub answered {response.status_code}",
        field=problem.field,
        code=problem.code,
    )


def _query(given: dict[str, Any]) -> dict[str, str]:
    return {
        name.rstrip("_"): ",".join(map(str, value))
        if isinstance(value, (list, tuple))
        else str(value)
        for name, value in given.items()
        if value is not None and value != ()
    }
