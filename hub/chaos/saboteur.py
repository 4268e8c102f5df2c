"""Breaks things at random, by a seed: what may happen to Redis, hubs, workers and links."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import redis

from hub.chaos.ledger import Ledger
from hub.chaos.link import Link
from hub.chaos.processes import ChildProcess, HubProcess
from hub.chaos.redis_server import ChaosRedis
from hub.keys import Keys

KILL_PUBSUB_S: Final = 0.05
_PAUSES_S: Final = (
    0.3,
    1.5,
    6.0,
)  # the last is longer than calls wait, and than a lease of the proof
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
        workers: Sequence[ChildProcess],
        links: Sequence[Link],
        rng: random.Random,
        *,
        pause_s: float,
        ledger: Ledger,
    ) -> None:
        self._server, self._keys, self._rng = server, keys, rng
        self._hubs, self._workers, self._links = hubs, workers, links
        self._timers: list[threading.Timer] = []
        self._pause_s = pause_s
        self._ledger = ledger
        self.counted: Counter[str] = Counter()
        self.killings: list[float] = []
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
        """End, and leave every process and link as it should be."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60.0)
        for timer in self._timers:
            timer.cancel()
        for process in (*self._hubs, *self._workers):
            process.go_on()
        for link in self._links:
            link.bytes_per_s = None

    def _kill_pubsub(self) -> None:
        """Kill at an even pace: what one killing takes comes off the wait for the next."""
        due = time.monotonic()
        with self._server.client() as client:
            while not self._stopping.wait(max(0.0, due - time.monotonic())):
                started = time.monotonic()
                due = max(due, started - KILL_PUBSUB_S) + KILL_PUBSUB_S
                try:
                    killed = client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                except redis.RedisError:
                    continue
                self.counted["pub/sub connections killed"] += int(killed)
                self.killings.append(started)

    @property
    def kill_every_ms(self) -> float:
        """The time from one killing of pub/sub connections to the next, in the median."""
        spans = [later - sooner for sooner, later in pairwise(self.killings)]
        return 1_000 * median(spans) if spans else 0.0

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
            self._restart_hub,
            lambda: self._pause(self._rng.choice(self._hubs), "hubs stopped for a while"),
            self._kill_worker,
            lambda: self._pause(self._rng.choice(self._workers), "workers stopped for a while"),
            self._pause_redis,
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
        hub = self._rng.choice(self._hubs)
        hub.kill()
        self._start_again(hub)
        self.counted["hubs killed"] += 1

    def _restart_hub(self) -> None:
        hub = self._rng.choice(self._hubs)
        hub.go_on()
        self.counted["hubs restarted" if hub.end() else "hubs that did not end in order"] += 1
        self._start_again(hub)

    def _start_again(self, hub: HubProcess) -> None:
        hub.start()
        for link in self._links[self._hubs.index(hub) :: len(self._hubs)]:
            link.target = ("127.0.0.1", hub.port)

    def _kill_worker(self) -> None:
        worker = self._rng.choice(self._workers)
        worker.kill()
        worker.start()
        self.counted["workers killed"] += 1

    def _pause(self, process: ChildProcess, name: str) -> None:
        """Stop a process, and let other things happen meanwhile."""
        process.pause()
        timer = threading.Timer(self._rng.choice(_PAUSES_S), process.go_on)
        self._timers.append(timer)
        timer.start()
        self.counted[name] += 1

    def _pause_redis(self) -> None:
        """Stop Redis, and do nothing else to it: a deed that times out would be done later, unnoticed."""
        self._server.pause()
        try:
            self._stopping.wait(self._rng.choice(_PAUSES_S))
        finally:
            self._server.go_on()
        self.counted["Redis stopped for a while"] += 1

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
