"""Runs the examples of a document against a real hub, in order, and holds every answer against the text.

    ```http                         ```worker (client, monitor)
    POST /api/jobs                  → {"type": "register", ...}
    {"job_type": "resize"}          ← {"type": "registered", ...}
                                    ← close 4500
    201
    {"job_id": "…", "…": "…"}

`…` stands for any value, the member `"…": "…"` for any further members, and `{job_id}` for what the member
`job_id` held when an answer last had it. All blocks of one kind share a socket until it is closed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.sockets import Peer, open_socket

ANY = "…"
_BLOCK = re.compile(r"^```(http|worker|client|monitor)\n(.*?)^```$", re.M | re.S)
_NAME = re.compile(r"\{(\w+)\}")


def read_examples(text: str) -> Iterator[tuple[str, str]]:
    """Give the kind and text of each example."""
    for block in _BLOCK.finditer(text):
        yield block.group(1), block.group(2)


class Examples:
    """Runs examples against one hub. Use as a context."""

    def __init__(self, hub_url: str) -> None:
        self._hub_url = hub_url
        self._known: dict[str, Any] = {}
        self._peers: dict[str, Peer] = {}
        self._early: dict[str, list[Any]] = {}  # what came before it was expected, by peer
        self._stack = ExitStack()
        self._api = self._stack.enter_context(httpx.Client(base_url=hub_url, timeout=60))

    def __enter__(self) -> Examples:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, kind: str, text: str) -> None:
        """Run one example.

        Raises: AssertionError: something else was answered.
        """
        if kind == "http":
            self._run_http(text)
        else:
            for line in filter(None, text.splitlines()):
                self._run_line(kind, line)

    def _run_http(self, text: str) -> None:
        asked, _, answered = text.partition("\n\n")
        head, _, body = self._fill(asked).partition("\n")
        method, path = head.split(" ", 1)
        content = body.encode() or None
        headers = {"Content-Type": "application/json"} if content else {}
        answer = self._api.request(method, path, content=content, headers=headers)
        status, _, expected = answered.strip().partition("\n")
        where = f"{head}\n{answer.status_code} {answer.text}"
        assert answer.status_code == int(status.split()[0]), where
        if not expected:
            return
        if "json" not in answer.headers["Content-Type"]:
            pattern = re.escape(expected).replace(re.escape(ANY), ".*")
            assert re.fullmatch(pattern, answer.text.replace("\r\n", "\n").strip(), re.S), where
            return
        actual = answer.json()
        assert matches(json.loads(self._fill(expected)), actual), where
        self._learn(actual)

    def _run_line(self, kind: str, line: str) -> None:
        arrow, text = line.split(" ", 1)
        peer = self._peer(kind)
        if arrow == "→":
            peer.connection.send(self._fill(text))
        elif text.startswith("close "):
            del self._peers[kind]
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    peer.receive()
            frame = closed.value.rcvd
            assert frame is not None, line
            assert frame.code == int(text.split()[1]), (line, frame)
        else:
            self._expect(kind, peer, json.loads(self._fill(text)))

    def _expect(self, kind: str, peer: Peer, expected: Any) -> None:
        early = self._early.setdefault(kind, [])
        for actual in early:
            if matches(expected, actual):
                early.remove(actual)
                self._learn(actual)
                return
        while True:
            actual = peer.receive(timeout_s=30)
            if matches(expected, actual):
                self._learn(actual)
                return
            # A monitor also hears what the hub does by itself, a client its events before or after an answer.
            if kind != "monitor":
                assert (kind, actual["type"]) == ("client", "event"), (expected, actual)
                early.append(actual)

    def _peer(self, kind: str) -> Peer:
        if kind not in self._peers:
            socket = open_socket(self._hub_url, f"/ws/{kind}")
            self._peers[kind] = self._stack.enter_context(socket)
        return self._peers[kind]

    def _fill(self, text: str) -> str:
        return _NAME.sub(lambda name: str(self._known.get(name.group(1), name.group(0))), text)

    def _learn(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(inner, (str, int)):
                    self._known[name] = inner
                self._learn(inner)
        elif isinstance(value, list):
            for inner in value:
                self._learn(inner)


def matches(expected: Any, actual: Any) -> bool:
    """Whether an answer is as the text says."""
    if expected == ANY:
        return True
    if isinstance(expected, dict) and isinstance(actual, dict):
        named = {name: value for name, value in expected.items() if name != ANY}
        if ANY not in expected and named.keys() != actual.keys():
            return False
        return all(name in actual and matches(value, actual[name]) for name, value in named.items())
    if isinstance(expected, list) and isinstance(actual, list):
        if expected and expected[-1] == ANY:
            expected, actual = expected[:-1], actual[: len(expected) - 1]
        return len(expected) == len(actual) and all(map(matches, expected, actual))
    return bool(expected == actual)
