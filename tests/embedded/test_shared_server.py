"""Who uses the embedded server, who starts it and who stops it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from hub.config import load_settings
from hub.embedded import EmbeddedServer, acquire
from tests.support.embedded_user import using
from tests.support.process_tree import alive, command_of
from tests.support.processes import serving
from tests.support.waiting import wait_until


@contextmanager
def _acquired(data_dir: Path) -> Iterator[EmbeddedServer]:
    with acquire(load_settings({}, {"data_dir": str(data_dir)})) as server:
        yield server


def _connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, protocol=2)


def test_second_process_finds_the_server_running(tmp_path: Path) -> None:
    with using(tmp_path) as first, _acquired(tmp_path) as second:
        assert (second.pid, second.url) == (first.server["pid"], first.server["url"])


def test_server_stays_until_the_last_user_leaves(tmp_path: Path) -> None:
    with _acquired(tmp_path) as server:
        with using(tmp_path) as other:
            other.leave()
        assert alive(server.pid)
        assert _connect(server.url).ping()
    assert not alive(server.pid)


def test_server_survives_when_the_one_who_started_it_leaves_first(tmp_path: Path) -> None:
    with using(tmp_path) as starter, _acquired(tmp_path) as server:
        starter.leave()
        assert _connect(server.url).set("k", "v")
    assert not alive(server.pid)


def test_one_server_runs_when_many_start_at_once(tmp_path: Path) -> None:
    servers: list[EmbeddedServer] = []
    all_in = threading.Barrier(4)

    def use() -> None:
        with _acquired(tmp_path) as server:
            servers.append(server)
            all_in.wait(60)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.pid for server in servers}) == 1
    assert not alive(servers[0].pid)


def test_server_is_taken_over_when_its_users_were_killed(tmp_path: Path) -> None:
    with using(tmp_path) as killed:
        pid = killed.server["pid"]
        killed.kill()
    assert alive(pid)
    with _acquired(tmp_path) as server:
        assert server.pid == pid
    wait_until(lambda: not alive(pid), what="the end of the server")


def test_running_server_is_found_when_the_note_of_its_pid_is_missing(tmp_path: Path) -> None:
    with using(tmp_path) as first:
        (tmp_path / "redis" / "server.pid").unlink()
        with _acquired(tmp_path) as second:
            assert second.pid == first.server["pid"]


def test_new_server_starts_when_a_stale_pid_belongs_to_another_program(tmp_path: Path) -> None:
    with _acquired(tmp_path):
        pass
    (tmp_path / "redis" / "server.pid").write_text(str(os.getpid()))
    with _acquired(tmp_path) as server:
        assert server.pid != os.getpid()
        assert "server" in command_of(server.pid)
    assert alive(os.getpid())


def test_data_is_back_when_everything_was_killed(tmp_path: Path) -> None:
    with using(tmp_path) as killed:
        client = _connect(killed.server["url"])
        client.hset("job", mapping={"status": "pending"})
        client.xadd("events", {"e": "1"}, id="7-0")
        # The promise: all but the last second. WAITAOF is too new for Redis 7.0, so the file is asked.
        wait_until(lambda: b"7-0" in _append_only(tmp_path), what="the event on disk")
        killed.kill()
        os.kill(killed.server["pid"], signal.SIGKILL)
    with _acquired(tmp_path) as server:
        client = _connect(server.url)
        assert client.hget("job", "status") == "pending"
        assert client.xrange("events") == [("7-0", {"e": "1"})]


def test_data_is_back_when_it_was_stopped_in_peace(tmp_path: Path) -> None:
    with _acquired(tmp_path) as server:
        _connect(server.url).set("k", "v")
    with _acquired(tmp_path) as server:
        assert _connect(server.url).get("k") == "v"


@pytest.mark.parametrize("cut_bytes", [1, 9, 14, 40])
def test_data_is_back_at_the_second_restart_when_the_file_was_cut_inside_a_script(
    tmp_path: Path, cut_bytes: int
) -> None:
    script = "for i = 1, 3 do redis.call('SET', KEYS[1] .. i, ARGV[1]) end"
    with using(tmp_path) as killed:
        client = _connect(killed.server["url"])
        client.eval(script, 1, "whole", "a")
        client.eval(script, 1, "cut", "b")
        wait_until(lambda: b"cut3" in _append_only(tmp_path), what="the script on disk")
        killed.kill()
        os.kill(killed.server["pid"], signal.SIGKILL)
        wait_until(lambda: not alive(killed.server["pid"]))
    log = _increment(tmp_path)
    log.write_bytes(log.read_bytes()[:-cut_bytes])

    with using(tmp_path) as killed:
        client = _connect(killed.server["url"])
        assert client.get("whole3") == "a"
        assert client.keys("cut*") == []  # all of a script or nothing
        client.eval(script, 1, "later", "c")
        wait_until(lambda: b"later3" in _append_only(tmp_path), what="the script on disk")
        killed.kill()
        os.kill(killed.server["pid"], signal.SIGKILL)
        wait_until(lambda: not alive(killed.server["pid"]))

    with _acquired(tmp_path) as server:
        client = _connect(server.url)
        assert client.get("whole3") == "a"
        assert client.get("later3") == "c"
        assert client.keys("cut*") == []


def _increment(data_dir: Path) -> Path:
    """The file that new commands go to."""
    (found,) = (data_dir / "redis" / "appendonlydir").glob("*.incr.aof")
    return found


def _append_only(data_dir: Path) -> bytes:
    files = (data_dir / "redis" / "appendonlydir").glob("*.aof")
    return b"".join(path.read_bytes() for path in files)


def test_server_is_started_again_by_one_of_its_users_when_it_was_killed(tmp_path: Path) -> None:
    with using(tmp_path) as first, using(tmp_path) as second, _acquired(tmp_path) as server:
        assert first.server["pid"] == second.server["pid"] == server.pid
        client = _connect(server.url)
        client.set("k", "v")
        os.kill(server.pid, signal.SIGKILL)

        def kept() -> bool:
            try:
                return client.get("k") == "v"
            except redis.RedisError:
                return False

        wait_until(kept, timeout_s=30, what="a server with what was written")
        successor = client.info("server")["process_id"]
        assert successor != server.pid
    assert not alive(successor)


def test_hub_serves_on_when_its_server_was_killed(tmp_path: Path) -> None:
    environ = {"JOBHUB_PORT": "0", "JOBHUB_DATA_DIR": str(tmp_path)}
    note = tmp_path / "redis" / "server.pid"
    with serving("hub", environ=environ) as hub:
        with httpx.Client(base_url=hub.url, timeout=30) as api:
            job_id = api.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
            killed = int(note.read_text())
            os.kill(killed, signal.SIGKILL)
            wait_until(
                lambda: api.get(f"/api/jobs/{job_id}").json().get("status") == "pending",
                timeout_s=60,
                what="the job, after an answer of 503",
            )
        successor = int(note.read_text())
        assert successor != killed
        assert hub.stop() == 0
        assert "runs again" in hub.output
        assert "Traceback" not in hub.output
    assert not alive(successor)
