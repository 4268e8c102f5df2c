"""Starts servers and workers, each in a session of its own, and reads how much CPU a session took."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_STOP_S = 5.0


@contextmanager
def running(
    commands: Sequence[Sequence[str]], environ: Mapping[str, str], cwd: Path
) -> Iterator[list[subprocess.Popen[str]]]:
    """Run commands for the time of the block; their output goes to a file that is shown on failure."""
    started: list[subprocess.Popen[str]] = []
    with tempfile.TemporaryFile("w+") as output:
        try:
            for command in commands:
                started.append(
                    subprocess.Popen(
                        command,
                        env={**os.environ, **environ},
                        cwd=cwd,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        text=True,
                        start_new_session=True,
                    )
                )
            yield started
        except BaseException:
            output.seek(0)
            print(output.read()[-5_000:])
            raise
        finally:
            for process in started:
                end_session(process)


def end_session(process: subprocess.Popen[str]) -> None:
    """Ask a process to end, then kill whatever is left of its group."""
    process.send_signal(signal.SIGCONT)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    for pid in session_pids(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait(_STOP_S)


def session_pids(session: int) -> list[int]:
    """The processes of a session."""
    return [pid for pid, fields in _stats() if int(fields[3]) == session]


def cpu_s(sessions: Sequence[int]) -> float:
    """CPU seconds that the living processes of these sessions have used."""
    ticks = sum(
        int(fields[11]) + int(fields[12]) for _, fields in _stats() if int(fields[3]) in sessions
    )
    return ticks / _TICKS_A_SECOND


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Each process with the fields of its `stat` from the state on (proc(5))."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:  # it has just ended
                continue
            yield int(entry.name), text.rpartition(")")[2].split()
