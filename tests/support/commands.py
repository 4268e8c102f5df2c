"""Runs a command of `jobhub` to its end, as a user would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.processes import clean_environ


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    status: int
    output: str
    errors: str


def run_jobhub(
    *args: str, environ: Mapping[str, str] | None = None, timeout_s: float = 60.0
) -> Ended:
    """Run `jobhub ARGS`; standard input is empty."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", *args],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**clean_environ(), **(environ or {})},
        timeout=timeout_s,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)
