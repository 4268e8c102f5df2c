"""WSGI middleware that ends requests whose body does not come, or cannot be read, and closes the connection.

Without it each slow sender would hold a greenlet and a connection for as long as it likes (slowloris).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import gevent
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import BadRequest, RequestTimeout

# Read without a pause: this many chunks of a byte each hold up other requests for 40 ms.
_PIECE_BYTES: Final = 4_096

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
        """Read up to `size` bytes, fewer at the end. Raises: RequestTimeout; BadRequest: no chunks."""
        late = RequestTimeout("the body did not come in time")
        try:
            with gevent.Timeout(max(0.001, self._until - time.monotonic()), late):
                return b"".join(self._pieces(size))
        except RequestTimeout:
            self._stop_reading()
            raise
        except (ParseException, NoMoreData) as error:
            self._stop_reading()
            raise BadRequest(f"the body cannot be read: {error}") from error

    def _pieces(self, size: int) -> Iterator[bytes]:
        """Read piece by piece, with a turn for others after each: data that are there make no pause."""
        while size != 0:
            asked = _PIECE_BYTES if size < 0 else min(size, _PIECE_BYTES)
            piece = self._stream.read(asked)
            yield piece
            if len(piece) < asked:
                return
            size -= asked if size > 0 else 0
            gevent.sleep(0)

    def _stop_reading(self) -> None:
        """Let the server see the end of the connection, or it would wait for the rest of the body."""
        with contextlib.suppress(OSError, AttributeError):
            self._link.shutdown(socket.SHUT_RD)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
