"""Breaks things at random, by a seed: what may happen to Redis, to hubs and to links."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import redis

from hub.chaos.hubs import HubProcess
from hub.chaos.ledger import Ledger
from hub.chaos.link import Link
from hub.chaos.redis_server import ChaosRedis
from hub.keys import Keys

_KILL_PUBSUB_S: Final = 0.05
_RATES: Final = (None, None, 8_000, 50_000, 0)  # bytes a second; 0: stuck


class Saboteur:
    """Two threads: one kills pub/sub connections all the time, one does something worse now and then.

    Args: pause_s: between two of the worse things.
    """

    def __init__(
        self,
        server: ChaosRedis,
        keys: Keys,
        hubs: Sequence[HubProcess],
        links: Sequence[Link],
        rng: random.Random,
        *,
        pause_s: float,
        ledger: Ledger,
    ) -> None:
        self._server, self._keys, self._rng = server, keys, rng
        self._hubs, self._links = hubs, links
        self._pause_s = pause_s
        self._ledger = ledger
        self.counted: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._kill_pubsub, daemon=True),
            threading.Thread(target=self._break, daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and leave every link as it should be."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60.0)
        for link in self._links:
            link.bytes_per_s = None

    def _kill_pubsub(self) -> None:
        while not self._stopping.wait(_KILL_PUBSUB_S):
            try:
                with self._server.client() as client:
                    killed = client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                self.counted["pub/sub connections killed"] += int(killed)
            except redis.RedisError:
                continue

    def _break(self) -> None:
        """Everything happens once, in a random order, before anything happens again."""
        while True:
            deeds = [*self._deeds(), *[self._cut_links] * 3, *[self._change_links] * 3]
            self._rng.shuffle(deeds)
            for deed in deeds:
                if self._stopping.wait(self._rng.uniform(0.5, 1.5) * self._pause_s):
                    return
                try:
                    deed()
                except redis.RedisError:
                    self.counted["deeds while Redis was away"] += 1

    def _deeds(self) -> list[Callable[[], None]]:
        return [
            self._kill_hub,
            self._trim_stream,
            lambda: self._restart_redis(lose_last_second=False),
            lambda: self._restart_redis(lose_last_second=True),
            self._empty_redis,
        ]

    def _cut_links(self) -> None:
        for link in self._rng.sample(self._links, max(1, len(self._links) // 3)):
            self.counted["links cut"] += link.cut()

    def _change_links(self) -> None:
        for link in self._links:
            link.bytes_per_s = self._rng.choice(_RATES)
        self.counted["links slowed or stuck"] += 1

    def _kill_hub(self) -> None:
        place = self._rng.randrange(len(self._hubs))
        hub = self._hubs[place]
        hub.kill()
        hub.start()
        for link in self._links[place :: len(self._hubs)]:
            link.target = ("127.0.0.1", hub.port)
        self.counted["hubs killed"] += 1

    def _trim_stream(self) -> None:
        with self._server.client() as client:
            client.xtrim(
                self._keys.events, maxlen=self._rng.choice((0, 10, 200)), approximate=False
            )
        self.counted["streams trimmed"] += 1

    def _restart_redis(self, *, lose_last_second: bool) -> None:
        killed_at = time.monotonic()
        self._server.restart(lose_last_second=lose_last_second)
        if lose_last_second:
            self._ledger.robbed_of_last_second(killed_at)
        self.counted["Redis restarts" + (" without the last second" * lose_last_second)] += 1

    def _empty_redis(self) -> None:
        with self._server.client() as client:
            client.flushall()
        self._ledger.robbed()
        self.counted["Redis emptied"] += 1
