"""gunicorn's gevent worker with a bound on connections that it keeps to, and no patience with slow heads.

gunicorn 25 stops accepting when its pool is full: whoever comes then waits in the kernel without an
answer, the operator too. Here a few more are accepted, hear 503 and are closed. A new connection has its
own time for the head of its first request; gunicorn would give it the 75 s between two requests.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

import gevent
from gunicorn.workers.ggevent import GeventWorker

REFUSING: Final = 256  # connections beyond the limit that are being told so; further ones wait
_REFUSAL_S: Final = 1.0  # for a refused peer to take its answer
_WAITED: Final = "jobhub_waited"  # set on the greenlet of a connection after its first wait

_BODY: Final = (
    b'{"title":"Service Unavailable","status":503,"code":"too_many_connections",'
    b'"detail":"as many connections are held as may be; try again"}'
)
_REFUSAL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n"
    b"Content-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class BoundedWorker(GeventWorker):  # type: ignore[misc]
    """Holds `worker_connections` less `REFUSING` connections."""

    first_request_s = 20.0  # set by whoever configures the server

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._held = 0

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection, or refuse it."""
        if self._held >= self.worker_connections - REFUSING:
            _refuse(client)
            return
        self._held += 1
        try:
            super().handle(listener, client, addr)
        finally:
            self._held -= 1

    def timeout_ctx(self) -> gevent.Timeout:
        """Bound the wait for a request: shorter for the first one of a connection."""
        greenlet = gevent.getcurrent()
        seconds = self.cfg.keepalive if hasattr(greenlet, _WAITED) else self.first_request_s
        setattr(greenlet, _WAITED, True)
        return gevent.Timeout(seconds, False)


def _refuse(client: Any) -> None:
    """Answer without reading the question; what was sent is read away, or the answer would be lost."""
    with contextlib.suppress(OSError), gevent.Timeout(_REFUSAL_S, False):
        client.sendall(_REFUSAL)
        client.shutdown(1)
        while client.recv(4_096):
            pass
    client.close()
