"""The files of the embedded Redis in one data directory, and the locks on them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from hub.config import variable
from hub.errors import Unavailable

_SOCKET_PATH_MAX: Final = 100  # bytes; the kernel's limit is 107


class DataFiles:
    """The files of one data directory."""

    def __init__(self, directory: Path) -> None:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
        except OSError as error:
            raise Unavailable(
                f"{error.filename or directory} cannot be used: {error.strerror}",
                field=variable("data_dir"),
            ) from None
        self.directory = directory.resolve()
        self.config = self.directory / "server.conf"
        self.log = self.directory / "server.log"
        self.pid = self.directory / "server.pid"
        # Written down by who starts the server: who comes later may have another runtime directory.
        self.socket_note = self.directory / "server.socket"

    def open_users(self) -> IO[bytes]:
        """Open the file on which every user holds a shared lock."""
        return (self.directory / "users.lock").open("ab")

    @contextmanager
    def starting(self, *, wait: bool = True) -> Iterator[None]:
        """Be the only one who starts or stops the server.

        Raises: BlockingIOError: without `wait`, somebody else is.
        """
        with (self.directory / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def password(self) -> str:
        """Read the password, made once."""
        path = self.directory / "password"
        if not path.exists():
            write_private(path, secrets.token_hex(24))
        return path.read_text()

    @property
    def socket(self) -> Path:
        """Where the server listens, or would."""
        with suppress(OSError):
            return Path(self.socket_note.read_text())
        return self.directory / "server.sock"

    def choose_socket(self) -> Path:
        """Find a path that the kernel takes, and write it down.

        Raises: Unavailable: somebody else sits there.
        """
        path = self.directory / "server.sock"
        if len(os.fsencode(path)) > _SOCKET_PATH_MAX:
            path = self._short_directory() / "server.sock"
        write_private(self.socket_note, str(path))
        return path

    def _short_directory(self) -> Path:
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        name = f"jobhub-{os.getuid()}-{digest}"
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        if (
            len(os.fsencode(runtime / name / "server.sock")) > _SOCKET_PATH_MAX
            or not runtime.is_dir()
        ):
            runtime = Path("/tmp")  # noqa: S108 - the directory in it is ours alone, checked below
        short = runtime / name
        short.mkdir(mode=0o700, exist_ok=True)
        found = short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise Unavailable(f"{short} belongs to somebody else", field=variable("data_dir"))
        return short


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
