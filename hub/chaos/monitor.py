"""A monitor over a real socket that comes back after every end, resumes, and keeps count of what broke."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from hub.chaos.compact_reader import UnknownRecord
from hub.chaos.monitor_model import BrokenChain, MonitorModel

TOPICS: Final = ("jobs", "workers", "system_stats")
_RECEIVE_S: Final = 0.25
_ALARMS_TOLD: Final = 3
_COME_BACK_S: Final = 0.1
_HOLLOW_S: Final = 10.0
_QUICK_S: Final = 1.0  # for an answer to a heartbeat: nothing waits on the link then
# No pings of its own: on a slow link their answers stand behind a snapshot, and the hub pings anyway.
_OPTIONS: Final[dict[str, Any]] = {"max_size": None, "open_timeout": 5, "ping_interval": None}
_CHAINED: Final = ("events", "window")


class ChaosMonitor:
    """Follows a hub in a thread. `counted`: what happened, false alarms and unnoticed losses among it.
    `alarms`: what the first false ones said.

    Args: url: where to connect now, such as `ws://127.0.0.1:8000`.
          drop_share: of the frames that are thrown away before they are folded, to see them missed.
    """

    def __init__(
        self,
        name: str,
        url: Callable[[], str],
        filters: Mapping[str, Any],
        rng: random.Random,
        *,
        drop_share: float = 0.0,
        form: str = "plain",
    ) -> None:
        self.name = name
        self.model = MonitorModel(filters)
        self.counted: Counter[str] = Counter()
        self.alarms: list[str] = []
        self.lock = threading.Lock()
        self._url = url
        self._filters = dict(filters)
        self._rng = rng
        self.drop_share = drop_share
        self._form = form
        self._missing = False
        self._asked = False
        self._hollow_at = self._beaten_at = math.inf
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Connect and follow."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url() + "/ws/monitor", **_OPTIONS) as socket:
                    self.counted["connects"] += 1
                    self._follow(socket)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                self.counted[f"closed {code}"] += 1
            except (OSError, EOFError, InvalidHandshake):
                self.counted["failed connects"] += 1
            self._stopping.wait(self._rng.uniform(0, 2 * _COME_BACK_S))

    def _follow(self, socket: ClientConnection) -> None:
        hello: dict[str, Any] = {
            "type": "monitor_connect",
            "monitor_id": self.name,
            "form": self._form,
        }
        if self.model.seq >= 0:
            hello["resume"] = self.model.place
        self._missing = self._asked = False
        socket.send(json.dumps(hello))
        subscribe = json.dumps({"type": "subscribe", "topics": TOPICS, "filters": self._filters})
        socket.send(subscribe)
        while not self._stopping.is_set():
            if self._stays_hollow():
                self._beaten_at = time.monotonic()
                socket.send('{"type": "heartbeat"}')
            try:
                message = json.loads(socket.recv(_RECEIVE_S))
            except TimeoutError:
                continue
            broken = self._take(message)
            if isinstance(broken, UnknownRecord):
                socket.send(subscribe)
            elif broken is not None or self._lacks_rows(message):
                socket.send(json.dumps({"type": "resync_request", **self.model.place}))

    def _stays_hollow(self) -> bool:
        """Whether rows that left a list were not sent again for ten seconds; true once in as many."""
        now = time.monotonic()
        if not self.model.hollow or self._asked or self._missing:
            self._hollow_at = math.inf
            return False
        self._hollow_at = min(self._hollow_at, now)
        if now - self._hollow_at < _HOLLOW_S:
            return False
        self._hollow_at = now
        return True

    def _lacks_rows(self, message: Mapping[str, Any]) -> bool:
        """Whether rows are missing though the link has carried all that was sent: then they are asked for."""
        if message["type"] != "heartbeat_ack" or not self.model.hollow or self._asked:
            return False
        self._asked = time.monotonic() - self._beaten_at < _QUICK_S
        self.counted["hollow"] += self._asked
        return self._asked

    def _take(self, message: Mapping[str, Any]) -> BrokenChain | UnknownRecord | None:
        """Fold a message, or lose it on purpose; returns what was wrong with it."""
        kind = message["type"]
        if kind in ("full_state_snapshot", "resumed"):
            self._missing = self._asked = False
            self.counted[kind] += 1
        if self._asked:
            return None  # on its way before the hub heard the question
        chained = kind in _CHAINED and message["seq"] > message["prev"]
        if chained and not self._missing and self._rng.random() < self.drop_share:
            self.counted["dropped"] += 1
            self._missing = True
            return None
        try:
            with self.lock:
                self.model.fold(message)
        except (BrokenChain, UnknownRecord) as error:
            self.counted["noticed" if self._missing else "false alarms"] += 1
            if not self._missing and len(self.alarms) < _ALARMS_TOLD:
                self.alarms.append(f"{self.name}: false alarm at {self.model.seq}: {error!r}")
            self._asked = True
            return error
        if self._missing and kind in _CHAINED:
            self.counted["unnoticed"] += 1
        return None
