"""WSGI middleware that ends requests whose body does not come: 408, and the connection is closed.

Without it each slow sender would hold a greenlet and a connection for as long as it likes (slowloris).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from werkzeug.exceptions import RequestTimeout

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class SlowBodies:
    """Passes every request to `app` with a body that must be read within `within_s`."""

    def __init__(self, app: App, within_s: float) -> None:
        self._app = app
        self._within_s = within_s

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        body = _Body(environ["wsgi.input"], self._within_s, environ.get("gunicorn.socket"))
        environ["wsgi.input"] = body
        return self._app(environ, start_response)


class _Body:
    """The body as the application reads it; the time runs from the request's head on."""

    def __init__(self, stream: Any, within_s: float, link: Any) -> None:
        self._stream = stream
        self._until = time.monotonic() + within_s
        self._link = link

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes. Raises: RequestTimeout."""
        late = RequestTimeout("the body did not come in time")
        try:
            with gevent.Timeout(max(0.001, self._until - time.monotonic()), late):
                data: bytes = self._stream.read(size) if size >= 0 else self._stream.read()
                return data
        except RequestTimeout:
            self._stop_reading()
            raise

    def _stop_reading(self) -> None:
        """Let the server see the end of the connection, or it would wait for the rest of the body."""
        with contextlib.suppress(OSError, AttributeError):
            self._link.shutdown(socket.SHUT_RD)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
