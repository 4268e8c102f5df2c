"""`make audit`: a known hole fails it, and so CI; it says so loudly where the advisory service is away.

The service is not to be had everywhere, so a program of pip-audit's name stands in for it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CANARY_TOLD = 'case "$*" in *canary*) echo "jinja2 2.4.1 PYSEC-2014-8 2.7.2"; exit 1;; esac; '


@pytest.mark.parametrize(
    ("pip_audit", "succeeds", "audited"),
    [
        (CANARY_TOLD + "echo 'No known vulnerabilities found'", True, True),
        (CANARY_TOLD + "echo 'flask 0.1 GHSA-x'; exit 1", False, True),
        (CANARY_TOLD + "echo 'the service went away' >&2; exit 1", False, True),
        ("echo 'No known vulnerabilities found'", True, False),
        ("echo 'Connection refused' >&2; exit 1", True, False),
    ],
)
def test_audit_fails_when_a_hole_is_known_and_says_when_nobody_could_know(
    tmp_path: Path, pip_audit: str, succeeds: bool, audited: bool
) -> None:
    for name, script in (("python", ""), ("pip-audit", pip_audit)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "test-installed").touch()
    done = subprocess.run(
        ["make", "audit", f"VENV={tmp_path}", f"BIN={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
    assert ("NOT AUDITED" in done.stdout) != audited
    assert "set -euo pipefail" in (ROOT / ".ci" / "run").read_text()
