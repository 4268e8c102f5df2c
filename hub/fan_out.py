"""The thread that flushes: at once after a quiet period, then at a pace that leaves time for everything else.

What I am: one thread, woken by whoever has something to send. What I trade: under load a few milliseconds
of delay for fewer frames. Without a budget the fan-out would starve the job path in the same process, so a
flush is followed by a rest, measured by the CPU time that it took: as long as the flush where jobs go
through this hub too, a third of it where hardly anything else happens. With few monitors that is next to
nothing, and a window keeps a burst from becoming a frame an event; with many the rest sets the pace: a frame
to 200 monitors takes one or two milliseconds, to 1,000 five to ten (docs/decisions/0016).
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
_SHARE_LEAST: Final = 0.5  # of the process that the fan-out may use, whatever else goes on
_SHARE_MOST: Final = 0.75  # while nothing else does: an event may come to the job path at any time
_LOOK_EVERY_S: Final = 0.1
_IDLE_S: Final = 0.1  # progress that waits for company goes out after so long at the latest

log = logging.getLogger(__name__)


class _Share:
    """How much of the process the fan-out may use: all but twice what the rest of it used lately."""

    def __init__(self) -> None:
        self._looked_at = 0.0
        self._cpu_s = self._own_s = 0.0
        self.now = _SHARE_LEAST

    def note(self, own_cpu_s: float) -> None:
        """Learn what a flush took. All greenlets are one thread: what it did not take, the others did."""
        self._own_s += own_cpu_s
        if time.monotonic() - self._looked_at < _LOOK_EVERY_S:
            return
        cpu_s = time.thread_time()
        others = 1.0 - self._own_s / max(self._own_s, cpu_s - self._cpu_s, 1e-9)
        self.now = min(_SHARE_MOST, max(_SHARE_LEAST, 1.0 - 2.0 * others))
        self._looked_at, self._cpu_s, self._own_s = time.monotonic(), cpu_s, 0.0


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
        next_flush, share = 0.0, _Share()
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
            share.note(took_cpu_s)
            rest_s = took_cpu_s * (1 / share.now - 1)
            next_flush = max(started + window_s, time.monotonic() + rest_s)
