"""A crowd of monitors that all connect in the same instant, again and again; a child of `storm`.

Reads one line of JSON a storm from standard input, `{"resume": bool}`; cuts every connection, lets a
second pass, connects them all and prints how long it took until each was live: it has its snapshot or
`resumed`, and a frame of events after that.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import select
import socket
import sys
import time

from bench.delivery.receivers import hello, upgrade

_AWAY_S = 1.0
_GIVE_UP_S = 60.0
_TAIL_BYTES = 4_096
_CHUNK = 262_144
_FRAME = re.compile(rb'"type":"events","epoch":"([^"]+)","prev":\d+,"seq":(\d+)')


class Member:
    """One monitor. It has no place to resume from before its first frame of events."""

    def __init__(self, number: int) -> None:
        self.monitor_id = f"crowd-{number}"
        self.place: dict[str, object] | None = None
        self.socket: socket.socket
        self.tail = b""
        self.upgraded = self.live = False
        self.bytes_in = 0

    def connect(self, port: int) -> None:
        """Begin; nothing waits."""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))
        self.tail, self.upgraded, self.live, self.bytes_in = b"", False, False, 0

    def read(self, resume: bool) -> bool:
        """Take what came; False when the connection ended."""
        try:
            data = self.socket.recv(_CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.bytes_in += len(data)
        self.tail += data
        if not self.upgraded:
            if b"\r\n\r\n" in self.tail:
                self.upgraded = True
                more = {"resume": self.place} if resume and self.place else {}
                self.socket.sendall(hello(self.monitor_id, **more))
            return bool(data)
        for epoch, seq in _FRAME.findall(self.tail):
            self.live = True
            self.place = {"epoch": epoch.decode(), "seq": int(seq)}
        self.tail = self.tail[-_TAIL_BYTES:]
        return bool(data)


def storm(members: list[Member], port: int, resume: bool) -> dict[str, object]:
    """Connect everybody; returns how it went."""
    epoll = select.epoll()
    places = {}
    began = time.monotonic()
    for member in members:
        member.connect(port)
        places[member.socket.fileno()] = member
        epoll.register(member.socket, select.EPOLLOUT)
    live_s: list[float] = []
    ended = 0
    while len(live_s) + ended < len(members) and time.monotonic() - began < _GIVE_UP_S:
        for descriptor, happened in epoll.poll(0.1):
            member = places[descriptor]
            if happened == select.EPOLLOUT:
                member.socket.sendall(upgrade(port))
                epoll.modify(descriptor, select.EPOLLIN)
                continue
            was_live = member.live
            if not member.read(resume):
                epoll.unregister(descriptor)
                ended += not was_live
            elif member.live and not was_live:
                live_s.append(time.monotonic() - began)
    live_s.sort()
    return {
        "live": len(live_s),
        "p50_s": live_s[len(live_s) // 2] if live_s else None,
        "all_s": live_s[-1] if len(live_s) == len(members) else None,
        "bytes": sum(member.bytes_in for member in members) // len(members),
    }


def main() -> None:
    """Answer each line of standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    members = [Member(number) for number in range(given.count)]
    for number, line in enumerate(sys.stdin):
        if number:
            for member in members:
                member.socket.close()
            time.sleep(_AWAY_S)
        print(json.dumps(storm(members, given.port, json.loads(line)["resume"])), flush=True)


if __name__ == "__main__":
    main()
