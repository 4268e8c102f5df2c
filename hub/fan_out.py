"""The thread that flushes: at once after a quiet period, then at a pace that leaves time for everything else.

What I am: one thread, woken by whoever has something to send. What I trade: under load a few milliseconds
of delay for fewer frames. Without a budget the fan-out would starve the job path in the same process, so
a flush is followed by at least as much time as it took of the CPU. With few monitors that is next to
nothing, and a window keeps a burst from becoming a frame an event; with many the flush itself sets the pace:
200 monitors cost about a millisecond, 1,000 about five.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

_WINDOW_S: Final = 0.002
_BUSY_WINDOW_S: Final = 0.005  # where so much happens that a frame holds many events anyway
_BUSY_EVENTS: Final = 8  # in one window: 4,000 a second
_SHARE: Final = 0.5  # of the process that the fan-out may use
_IDLE_S: Final = 0.1  # progress that waits for company goes out after so long at the latest

log = logging.getLogger(__name__)


class FanOut:
    """Calls `flush` with the time (seconds that never go back) as often as it may be.

    Args: failed: is called when a flush raised; the thread goes on.
    """

    def __init__(self, flush: Callable[[float], None], failed: Callable[[], None]) -> None:
        self._flush = flush
        self._failed = failed
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._heard = 0  # events since the last flush
        self._thread = threading.Thread(target=self._run, name="fan-out", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(5.0)

    def wake(self, events: int = 0) -> None:
        """Flush as soon as the pace allows it. `events`: how many came."""
        self._heard += events
        self._wake.set()

    def _run(self) -> None:
        next_flush = 0.0
        while not self._stopping.is_set():
            self._wake.wait(_IDLE_S)
            wait_s = next_flush - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            self._wake.clear()
            heard, self._heard = self._heard, 0
            started, began_cpu_s = time.monotonic(), time.thread_time()
            try:
                self._flush(started)
            except Exception:  # a thread that ends in silence would freeze every screen
                log.exception("a flush failed; every monitor begins anew")
                self._failed()
            took_cpu_s = time.thread_time() - began_cpu_s
            window_s = _BUSY_WINDOW_S if heard >= _BUSY_EVENTS else _WINDOW_S
            rest_s = took_cpu_s * (1 / _SHARE - 1)
            next_flush = max(started + window_s, time.monotonic() + rest_s)
