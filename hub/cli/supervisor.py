"""Keeps several commands running as one: together they start, and together they end.

One thread, one loop: it reads what the children print, passes it on line by line with the name of
who said it, and wakes for signals. The first SIGTERM or SIGINT ends the children in reverse order, the
second one kills them. A child that ends by itself ends all.
"""

from __future__ import annotations

import ctypes
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import IO, Final

import click

from hub.errors import JobhubError

_STOP_S: Final = 20.0
_TURN_S: Final = 0.2
_URL_LINE: Final = re.compile(rb"(?:^|\s)(https?://\S+)$")
_COLOURS: Final = ("blue", "magenta", "cyan", "green", "yellow")
_PR_SET_PDEATHSIG: Final = 1


class Child:
    """A running command and the beginning of its next line."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], output: IO[bytes], colour: str
    ) -> None:
        self.name = name
        self.process = process
        self.output = output
        self.colour = colour
        self.url: str | None = None
        self.rest = b""


class Supervisor:
    """Runs commands; use it in a `with`, which ends them all."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._asked = 0
        self._width = 0
        self._die_with_us = _dying_with_parent()

    def __enter__(self) -> Supervisor:
        self._wakeup, writer = socket.socketpair()
        self._writer = writer
        for end in (self._wakeup, writer):
            end.setblocking(False)
        self._selector.register(self._wakeup, selectors.EVENT_READ)
        self._old_fd = signal.set_wakeup_fd(writer.fileno())
        self._old = {
            number: signal.signal(number, self._hear) for number in (signal.SIGTERM, signal.SIGINT)
        }
        return self

    def __exit__(self, *exc: object) -> None:
        self._end_all()
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_fd)
        self._selector.close()
        self._wakeup.close()
        self._writer.close()

    @property
    def asked_to_end(self) -> bool:
        """Whether a signal came."""
        return self._asked > 0

    def start(self, name: str, args: Sequence[str], environ: Mapping[str, str]) -> Child:
        """Start `python -m ARGS` under a name."""
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        with os.fdopen(write_end, "wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", *args],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                start_new_session=True,  # Ctrl-C reaches this process, which ends the others in order
                preexec_fn=self._die_with_us,
            )
        colour = _COLOURS[len(self._children) % len(_COLOURS)]
        child = Child(name, process, os.fdopen(read_end, "rb"), colour)
        self._selector.register(child.output, selectors.EVENT_READ, child)
        self._children.append(child)
        self._width = max(self._width, len(name))
        return child

    def wait_url(self, child: Child) -> str | None:
        """Wait until the child has printed the URL that it serves; None when a signal came first.

        Raises: JobhubError: a child ended.
        """
        while child.url is None and not self.asked_to_end:
            self._turn()
        return child.url

    def run(self) -> None:
        """Pass on what the children print until a signal comes.

        Raises: JobhubError: a child ended.
        """
        while not self.asked_to_end:
            self._turn()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _turn(self) -> None:
        self._read(_TURN_S)
        for child in self._children:
            status = child.process.poll()
            if status is not None and not self.asked_to_end:
                self._read(0)
                raise JobhubError(f"{child.name} ended with status {status}; the others end too")

    def _read(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            if key.data is None:
                self._wakeup.recv(64)
                continue
            child: Child = key.data
            data = child.output.read()
            if data:
                self._take(child, data)
            elif data == b"":
                self._selector.unregister(child.output)

    def _take(self, child: Child, data: bytes) -> None:
        *lines, child.rest = (child.rest + data).split(b"\n")
        for line in lines:
            found = _URL_LINE.search(line) if child.url is None else None
            if found:
                child.url = found[1].decode()
            elif not line.endswith(b"listens on"):
                label = click.style(f"{child.name:<{self._width}} │ ", fg=child.colour)
                click.echo(label + line.decode(errors="replace"))

    def _end_all(self) -> None:
        asked_before = self._asked
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
                self._wait(child.process, asked_before)
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
            child.output.close()

    def _wait(self, process: subprocess.Popen[bytes], asked_before: int) -> None:
        until = time.monotonic() + _STOP_S
        while (
            process.poll() is None
            and time.monotonic() < until
            and self._asked <= max(1, asked_before)
        ):
            self._read(0.05)


def _dying_with_parent() -> Callable[[], None] | None:
    """Where Linux can, have the kernel end a child whose supervisor was killed."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)  # loaded here: nothing may be imported between fork and exec

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask
