"""A process with many monitors that come and go, some of them slow.

Run as `python -m bench.soak.crowd HUB_URL MONITORS`; prints `ready`, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

_STAYS_S: Final = (5.0, 120.0)
_SLOW: Final = 0.05  # share of monitors that take a frame a second
_FILTERS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {},
    {"job_types": ["mail"]},
    {"priority_range": [60, 100]},
)


async def monitor(url: str, number: int) -> None:
    """Follow, leave, and come back where it was, for ever."""
    rng, point = random.Random(number), None
    slow = rng.random() < _SLOW
    while True:
        try:
            async with connect(f"{url}/ws/monitor", max_size=None, max_queue=4) as socket:
                async with asyncio.timeout(rng.uniform(*_STAYS_S)):
                    point = await follow(socket, number, point, slow)
        except (OSError, WebSocketException, TimeoutError):
            await asyncio.sleep(rng.uniform(0, 1))


async def follow(
    socket: ClientConnection, number: int, point: dict[str, Any] | None, slow: bool
) -> dict[str, Any] | None:
    """Read until the connection ends; returns where it was."""
    hello: dict[str, Any] = {"type": "monitor_connect", "monitor_id": f"soak-{number}"}
    if point is not None:
        hello["resume"] = point
    filters = _FILTERS[number % len(_FILTERS)]
    await socket.send(json.dumps(hello))
    topics = ["jobs", "workers", "system_stats"]
    await socket.send(json.dumps({"type": "subscribe", "topics": topics, "filters": filters}))
    async for text in socket:
        message = json.loads(text)
        if "epoch" in message:
            point = {"epoch": message["epoch"], "seq": message["seq"]}
        if slow:
            await asyncio.sleep(1)
    return point


async def run(url: str, count: int) -> None:
    """Keep `count` monitors until standard input ends."""
    tasks = [asyncio.create_task(monitor(url, number)) for number in range(count)]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1].replace("http", "ws", 1), int(sys.argv[2])))
