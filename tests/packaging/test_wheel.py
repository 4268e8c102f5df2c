"""The wheel carries all that the packages read at run time, and runs from its own files."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.support.processes import clean_environ
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
_GENERATED = ("__pycache__", ".pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as pip builds it."""
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (found,) = directory.glob("*.whl")
    return found


def _files(directory: str) -> set[str]:
    return {
        str(path.relative_to(ROOT / directory))
        for path in (ROOT / directory).rglob("*")
        if path.is_file() and not any(part in str(path) for part in _GENERATED)
    }


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"hub/{name}" for name in _files("hub")}
    wanted |= {f"dashboard/{name}" for name in _files("dashboard")}
    wanted |= {f"dashboard/assets/{name}" for name in _files("assets")}
    assert not wanted - names
    assert {"hub/lua/submit_jobs.lua", "hub/lua/include/events.lua", "hub/py.typed"} <= names


def test_nothing_but_the_packages_is_in_the_wheel(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops - {"hub", "dashboard"} == {next(top for top in tops if top.endswith(".dist-info"))}


def test_everything_starts_when_it_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "up", "--port", "0", "--dashboard-port", "0"],
        cwd=tmp_path,
        env={
            **clean_environ(),
            "PYTHONPATH": str(site),
            "JOBHUB_DATA_DIR": str(tmp_path / "data"),
        },
        stdout=(tmp_path / "output").open("w"),
        stderr=subprocess.STDOUT,
    )
    try:

        def find() -> str:
            assert process.poll() is None, (tmp_path / "output").read_text()
            found = re.search(r"^https?://\S+$", (tmp_path / "output").read_text(), re.M)
            return found.group(0) if found else ""

        url = wait_until(find, timeout_s=60)
        page = httpx.get(url).text
        assets = re.findall(r'(?:src|href)="(/assets/[^"]+\.(?:js|css)[^"]*)"', page)
        assert assets
        for asset in assets:
            assert httpx.get(f"{url}{asset}").status_code == 200, asset
    finally:
        process.terminate()
        assert process.wait(40) == 0
