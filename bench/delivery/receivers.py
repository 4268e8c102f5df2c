"""Many monitors in one process, as light as Python allows: bare sockets, one epoll, frames left unparsed.

Run as a child: connects, prints `ready` once every monitor has its first frame, reads until the event
numbered --last is there (or counts that say --pending, where events may be folded away) or the time is
over, and prints what it saw as one line of JSON. Only --sampled connections, spread over all, are read the
moment that something comes, and searched for the time that each event carries (`at_us`, monotonic). The rest
are emptied twenty times a second, counted, and checked for the last event: real monitors sit on machines of
their own, and must not take the cores from the server that is measured.
"""

from __future__ import annotations

import argparse
import json
import re
import select
import socket
import time
from collections import deque

_AT = re.compile(rb'at_us"?:(\d+)[,:]"?n"?:(\d+)')  # as fields of an event, or within a customer_id
_PENDING = re.compile(rb'"counts":\{"scheduled":\d+,"pending":(\d+)')
_TAIL_BYTES = 512  # more than an event of the bench
_SWEEP_S = 0.002  # between two shares of the others
_SWEEPS = 25  # shares: each connection is emptied twenty times a second
_LONG = 500  # bytes; a first frame that leaves so long a tail was whole, or nearly
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
    """`count` connections to one server, which shares the cores with them: a read must cost little."""

    def __init__(self, port: int, path: str, count: int, sampled: int) -> None:
        self.sockets: dict[int, socket.socket] = {}
        self.epoll = select.epoll()
        self._others: deque[int] = deque()
        self._swept_at = 0.0
        self.sampled: dict[int, dict[int, int]] = {}
        self.tails: dict[int, bytes] = {}
        self.pending: dict[int, int] = {}
        self.bytes_in = 0
        self._chunk = memoryview(bytearray(_CHUNK))
        every = max(1, count // max(1, sampled))  # from the first to the last that is served
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
            self.tails[link.fileno()] = head
            if number % every == 0 and len(self.sampled) < sampled:
                self.epoll.register(link, select.EPOLLIN)
                self.sampled[link.fileno()] = {}
            else:
                self._others.append(link.fileno())

    def read(self, timeout_s: float) -> None:
        """Take what comes to the sampled connections, and now and then what came to the others."""
        for descriptor, _ in self.epoll.poll(min(timeout_s, _SWEEP_S)):
            size = self._receive(descriptor)
            if size:
                self._look(descriptor, self.sampled[descriptor], bytes(self._chunk[:size]))
        if time.monotonic() - self._swept_at >= _SWEEP_S:
            self._swept_at = time.monotonic()
            for _ in range(-(-len(self._others) // _SWEEPS)):
                self._others.rotate()
                self._empty(self._others[0])

    def _receive(self, descriptor: int) -> int:
        """Take what a connection holds, a chunk at most; 0 when that is nothing."""
        try:
            size = self.sockets[descriptor].recv_into(self._chunk)
        except BlockingIOError:
            return 0
        if not size:
            raise SystemExit("the server closed a connection")
        self.bytes_in += size
        return size

    def _empty(self, descriptor: int) -> None:
        while size := self._receive(descriptor):
            tail = (
                self.tails[descriptor][-_TAIL_BYTES:]
                + self._chunk[max(0, size - _TAIL_BYTES) : size]
            )
            self.tails[descriptor] = tail[-_TAIL_BYTES:]

    def _look(self, descriptor: int, times: dict[int, int], data: bytes) -> None:
        """Note when each event came, and the counts that came with it."""
        now_us = time.monotonic_ns() // 1_000
        tail = self.tails[descriptor] + data
        told = _PENDING.findall(tail)
        if told:
            self.pending[descriptor] = int(told[-1])
        end = 0
        for found in _AT.finditer(tail):
            end, number = found.end(), int(found[2])
            if number not in times:  # a list that comes again brings old rows
                times[number] = now_us - int(found[1])
        self.tails[descriptor] = tail[end:][-_TAIL_BYTES:]

    def all_have(self, needle: bytes) -> bool:
        """Whether every tail holds `needle`; sampled ones are asked by number."""
        return all(
            needle in tail for place, tail in self.tails.items() if place not in self.sampled
        )

    def await_first(self, ready: bytes, timeout_s: float) -> int:
        """Read until every connection has its first frame; returns how many have."""
        until = time.monotonic() + timeout_s
        seen: set[int] = set()
        while len(seen) < len(self.tails) and time.monotonic() < until:
            self.read(0.1)
            seen |= {
                place for place, tail in self.tails.items() if ready in tail or len(tail) >= _LONG
            }
        return len(seen)

    def await_last(self, last: int, pending: int, timeout_s: float) -> bool:
        """Read until the last event, or counts that say `pending`; whether every connection has the last."""
        until = time.monotonic() + timeout_s
        needle = b'"n":%d' % last
        while time.monotonic() < until:
            self.read(0.05)
            if set(self.pending.values()) == {pending}:
                break
            if min(map(len, self.sampled.values()), default=last) >= last and self.all_have(needle):
                break
        return self.all_have(needle)

    def summary(self) -> dict[str, object]:
        """What the sampled connections saw, milliseconds and numbers."""
        lags = sorted(lag for times in self.sampled.values() for lag in times.values())
        return {
            "p50_ms": lags[len(lags) // 2] / 1_000 if lags else None,
            "p99_ms": lags[int(len(lags) * 0.99)] / 1_000 if lags else None,
            "fewest": min(map(len, self.sampled.values()), default=0),
            "pending": list(self.pending.values()),
            "bytes_in": self.bytes_in,
        }


def main() -> None:
    """Run as a child of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--port", "--count", "--sampled", "--last"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--pending", type=int, default=-1)
    parser.add_argument("--path", default="/ws/monitor")
    parser.add_argument("--ready", default="full_state_snapshot")
    parser.add_argument("--timeout", type=float, default=60.0)
    given = parser.parse_args()
    receivers = Receivers(given.port, given.path, given.count, given.sampled)
    print("ready", receivers.await_first(given.ready.encode(), given.timeout), flush=True)
    receivers.bytes_in = 0
    began_cpu_s = time.process_time()
    complete = receivers.await_last(given.last, given.pending, given.timeout)
    cpu_s = time.process_time() - began_cpu_s
    print(json.dumps({**receivers.summary(), "complete": complete, "cpu_s": cpu_s}), flush=True)


if __name__ == "__main__":
    main()
