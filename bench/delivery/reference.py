"""The floor: picows on uvloop, C from end to end, frames built once and several events a frame.

It does the hub's fan-out, at the hub's pace, and nothing else: no filters, no snapshots, no outbox limits, no
repair.
"""

from __future__ import annotations

import asyncio
import sys

import picows
import redis.asyncio
import uvloop

_WINDOW_S = 0.002
_REST = 1 / 3  # of what a flush took: nothing else happens here

monitors: set[picows.WSTransport] = set()


class Monitor(picows.WSListener):  # type: ignore[misc]
    """One connected monitor."""

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Send the first frame and take part."""
        transport.send(picows.WSMsgType.TEXT, b'{"type":"full_state_snapshot"}')
        monitors.add(transport)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        """Take part no more."""
        monitors.discard(transport)


class FanOut:
    """Sends what came to everybody in one frame, at the pace of the hub (hub/fan_out.py)."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []
        self._next_flush = 0.0

    def take(self, events: list[bytes]) -> None:
        """Send at once, or with what comes in the same window."""
        if not self._waiting:
            self._loop.call_at(max(self._loop.time(), self._next_flush), self._flush)
        self._waiting += events

    def _flush(self) -> None:
        started = self._loop.time()
        frame = b'{"type":"events","events":[' + b",".join(self._waiting) + b"]}"
        self._waiting.clear()
        for transport in monitors:
            transport.send(picows.WSMsgType.TEXT, frame)
        ended = self._loop.time()
        self._next_flush = max(started + _WINDOW_S, ended + (ended - started) * _REST)


async def follow(url: str, channel: str) -> None:
    """Hand what is published to the fan-out."""
    fan_out = FanOut()
    pubsub = redis.asyncio.Redis.from_url(url).pubsub()
    await pubsub.subscribe(channel)
    async for message in pubsub.listen():
        if message["type"] == "message":
            fan_out.take(message["data"].split(b"\n")[1:])


async def main() -> None:
    """Serve on a free port."""
    server = await picows.ws_create_server(lambda request: Monitor(), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await follow(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
