"""Jobhub alone, one thing changed at a time: payloads, a second hub, how durable Redis is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.throughput.runs import Options, Results, Runner
from bench.throughput.surroundings import redis_server

_LARGE_BYTES: Final = 63_998  # with its quotes the most that the hub takes
_LARGE_JOBS: Final = 2_000  # 130 MB of them

_VARIATIONS: Final = (
    ("payload 10 bytes", {}),
    ("two hub processes", {"hubs": 2}),
    ("payload 1 kB", {"payload_bytes": 1_000}),
    ("payload 64 kB", {"payload_bytes": _LARGE_BYTES, "jobs": _LARGE_JOBS}),
    ("append-only file, everysec", {"fsync": "everysec"}),
    ("append-only file, always", {"fsync": "always"}),
)


def run_series(options: Options, root: Path) -> Iterator[tuple[str, Results]]:
    """Measure each variation on a server of its own; what `options` say holds for the rest."""
    for name, changed in _VARIATIONS:
        varied = replace(options, **changed)  # type: ignore[arg-type]
        print(f"With {name}", file=sys.stderr)
        with redis_server(varied.fsync) as server:
            yield name, Runner(varied, server, options.venv, root).run_jobhub()
