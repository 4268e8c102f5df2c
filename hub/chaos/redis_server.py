"""A Redis of its own that can be killed, robbed of its last second, and emptied."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

import redis

from hub.embedded import find_program
from hub.errors import Unavailable

_START_S: Final = 20.0
_LOOK_S: Final = 0.1
_LOST_S: Final = 1.0  # what AOF everysec may lose


class ChaosRedis:
    """A server on a private Unix socket, with AOF everysec."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="jobhub-chaos-", dir="/tmp")
        self.path = Path(self._directory.name)
        self.url = f"unix://{self.path}/redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._sizes: deque[tuple[float, Path, int]] = deque(maxlen=int(3 * _LOST_S / _LOOK_S))
        self._closing = threading.Event()
        self.start()
        threading.Thread(target=self._watch, name="chaos-redis", daemon=True).start()

    def start(self) -> None:
        """Start on the data that are there."""
        self._process = subprocess.Popen(
            [find_program(), *_options(self.path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            with contextlib.suppress(redis.RedisError), self.client() as client:
                client.ping()
                return
            self._closing.wait(0.05)
        raise Unavailable(f"Redis does not start; see {self.path}/log")

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None  # noqa: S101
        return self._process.pid

    def client(self) -> redis.Redis:
        """Connect, past the hub's own rules."""
        return redis.Redis.from_url(self.url, socket_timeout=5.0)

    def restart(self, *, lose_last_second: bool) -> None:
        """Kill it with SIGKILL and start it again, with or without its last second."""
        self._kill()
        if lose_last_second:
            self._lose_last_second()
        (self.path / "redis.sock").unlink(missing_ok=True)
        self.start()

    def pause(self) -> None:
        """Stop it where it stands: connections are taken by the system, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause; nothing where there is none."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End the server and delete its data."""
        self._closing.set()
        self._kill()
        self._directory.cleanup()

    def _signal(self, number: int) -> None:
        assert self._process is not None  # noqa: S101
        self._process.send_signal(number)

    def _kill(self) -> None:
        assert self._process is not None  # noqa: S101
        self._process.kill()
        self._process.wait(10.0)

    def _watch(self) -> None:
        """Remember how long the log was, to cut it there."""
        while not self._closing.wait(_LOOK_S):
            for log in self.path.glob("appendonlydir/*.incr.aof"):
                with contextlib.suppress(OSError):
                    self._sizes.append((time.monotonic(), log, log.stat().st_size))

    def _lose_last_second(self) -> None:
        before = time.monotonic() - _LOST_S
        old = [(log, size) for at, log, size in self._sizes if at <= before]
        if old and old[-1][0].exists():
            log, size = old[-1]
            with log.open("rb+") as file:
                file.truncate(size)
        self._sizes.clear()


def _options(path: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": f"{path}/redis.sock",
        "dir": str(path),
        "logfile": f"{path}/log",
        "save": "",
        "appendonly": "yes",
        "aof-load-truncated": "yes",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
