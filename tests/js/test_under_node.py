"""The pure parts of the page's scripts, under node's own test runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

HERE = Path(__file__).parent


def test_scripts_do_what_their_tests_say_when_run_under_node() -> None:
    node, _ = compute_driver_executable()  # Playwright brings a node, so none has to be installed
    files = [str(path) for path in sorted(HERE.glob("*.test.js"))]
    run = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]
