"""The floor: picows on uvloop, C from end to end, frames built once and several events a frame.

It does the hub's fan-out and nothing else: no filters, no snapshots, no outbox limits, no repair.
"""

from __future__ import annotations

import asyncio
import sys

import picows
import redis.asyncio
import uvloop

_WINDOW_S = 0.005

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


async def follow(url: str, channel: str) -> None:
    """Send what came in each window to everybody, in one frame."""
    pubsub = redis.asyncio.Redis.from_url(url).pubsub()
    await pubsub.subscribe(channel)
    waiting: list[bytes] = []

    async def flush() -> None:
        while True:
            await asyncio.sleep(_WINDOW_S)
            if waiting:
                frame = b'{"type":"events","events":[' + b",".join(waiting) + b"]}"
                waiting.clear()
                for transport in monitors:
                    transport.send(picows.WSMsgType.TEXT, frame)

    flushing = asyncio.create_task(flush())
    async for message in pubsub.listen():
        if message["type"] == "message":
            waiting.extend(message["data"].split(b"\n")[1:])
    await flushing


async def main() -> None:
    """Serve on a free port."""
    server = await picows.ws_create_server(lambda request: Monitor(), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await follow(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
