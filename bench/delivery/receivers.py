"""Many monitors in one process, as light as Python allows: bare sockets, one epoll, frames left unparsed.

Run as a child: connects, prints `ready` once every monitor has its first frame, reads until the event
numbered --last is there (or counts that say --pending, where events may be folded away) or the time is
over, and prints what it saw as one line of JSON. Only --sampled connections are searched for the time that
each event carries (`at_us`, monotonic); the rest are read, counted, and checked for the last event.
"""

from __future__ import annotations

import argparse
import json
import re
import select
import socket
import time

_AT = re.compile(rb'at_us"?:(\d+)[,:]"?n"?:(\d+)')  # as fields of an event, or within a customer_id
_PENDING = re.compile(rb'"counts":\{"scheduled":\d+,"pending":(\d+)')
_TAIL_BYTES = 8_192
_CHUNK = 262_144
_UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def masked(message: dict[str, object]) -> bytes:
    """Frame a message as a client must: masked, here with zeros."""
    payload = json.dumps(message).encode()
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


def upgrade(port: int, path: str = "/ws/monitor") -> bytes:
    """The request that makes a connection a WebSocket."""
    return _UPGRADE % (path.encode(), port)


def hello(monitor_id: str, **connect: object) -> bytes:
    """What a monitor of Jobhub says first; `connect`: further fields of `monitor_connect`."""
    return masked({"type": "monitor_connect", "monitor_id": monitor_id, **connect}) + masked(
        {"type": "subscribe", "topics": ["jobs", "workers", "system_stats"]}
    )


class Receivers:
    """`count` connections to one server."""

    def __init__(self, port: int, path: str, count: int, sampled: int) -> None:
        self.sockets: dict[int, socket.socket] = {}
        self.epoll = select.epoll()
        self.sampled: dict[int, dict[int, int]] = {}
        self.tails: dict[int, bytes] = {}
        self.pending: dict[int, int] = {}
        self.bytes_in = 0
        for number in range(count):
            link = socket.create_connection(("127.0.0.1", port))
            link.sendall(upgrade(port, path))
            link.settimeout(10.0)
            head = b""
            while b"\r\n\r\n" not in head:  # the first frame may come with it
                head += link.recv(1_024)
            link.sendall(hello(f"bench-{number}"))
            link.setblocking(False)
            self.sockets[link.fileno()] = link
            self.epoll.register(link, select.EPOLLIN)
            self.tails[link.fileno()] = head
            if number < sampled:
                self.sampled[link.fileno()] = {}

    def read(self, timeout_s: float) -> None:
        """Take what is there."""
        for descriptor, _ in self.epoll.poll(timeout_s):
            try:
                data = self.sockets[descriptor].recv(_CHUNK)
            except BlockingIOError:
                continue
            if not data:
                self.epoll.unregister(descriptor)
                continue
            self.bytes_in += len(data)
            tail = self.tails[descriptor] + data
            times = self.sampled.get(descriptor)
            if times is not None:
                told = _PENDING.findall(tail)
                if told:
                    self.pending[descriptor] = int(told[-1])
                now_us = time.monotonic_ns() // 1_000
                end = 0
                for found in _AT.finditer(tail):
                    end, number = found.end(), int(found[2])
                    if number not in times:  # a list that comes again brings old rows
                        times[number] = now_us - int(found[1])
                tail = tail[end:]
            self.tails[descriptor] = tail[-_TAIL_BYTES:]

    def all_have(self, needle: bytes) -> bool:
        """Whether every tail holds `needle`; sampled ones are asked by number."""
        return all(
            needle in tail for place, tail in self.tails.items() if place not in self.sampled
        )


def main() -> None:
    """Run as a child of the bench."""
    parser = argparse.ArgumentParser()
    for name in ("--port", "--count", "--sampled", "--last"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--pending", type=int, default=-1)
    parser.add_argument("--path", default="/ws/monitor")
    parser.add_argument("--ready", default="full_state_snapshot")
    parser.add_argument("--timeout", type=float, default=60.0)
    given = parser.parse_args()
    began = time.monotonic()
    receivers = Receivers(given.port, given.path, given.count, given.sampled)
    ready = given.ready.encode()
    seen: set[int] = set()
    while len(seen) < given.count and time.monotonic() - began < given.timeout:
        receivers.read(0.1)
        seen |= {
            place for place, tail in receivers.tails.items() if ready in tail or len(tail) > 4_000
        }
    print("ready", round(time.monotonic() - began, 3), len(seen), flush=True)
    receivers.bytes_in = 0
    until = time.monotonic() + given.timeout
    last = b'"n":%d' % given.last
    while time.monotonic() < until:
        receivers.read(0.05)
        fewest = min(map(len, receivers.sampled.values()), default=given.last)
        if fewest >= given.last and receivers.all_have(last):
            break
        if set(receivers.pending.values()) == {given.pending}:
            break
    lags = sorted(lag for times in receivers.sampled.values() for lag in times.values())
    distinct = [len(times) for times in receivers.sampled.values()]
    print(
        json.dumps(
            {
                "p50_ms": lags[len(lags) // 2] / 1_000 if lags else None,
                "p99_ms": lags[int(len(lags) * 0.99)] / 1_000 if lags else None,
                "fewest": min(distinct, default=0),
                "complete": receivers.all_have(last),
                "pending": list(receivers.pending.values()),
                "bytes_in": receivers.bytes_in,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
