"""Ports for servers that have to be named before they run, or take turns at one address."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from typing import Final

# Below what Linux gives to whoever asks for any port, so that nobody is given one of these meanwhile.
_PORTS: Final = range(20_000, 32_768)
_TRIES: Final = 100


def free_port() -> int:
    """Find a port on which nobody listens.

    Raises: AssertionError: all that were tried are taken.
    """
    for port in random.sample(_PORTS, _TRIES):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"{_TRIES} ports are taken")
