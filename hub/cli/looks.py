"""How states, times and durations look in a terminal."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from rich.text import Text

COLOURS: Final[dict[str, str]] = {
    "scheduled": "magenta",
    "pending": "yellow",
    "assigned": "cyan",
    "in_progress": "blue",
    "completed": "green",
    "failed": "red",
    "cancelled": "bright_black",
    "idle": "green",
    "busy": "blue",
    "draining": "yellow",
    "offline": "bright_black",
}

_BAR_CELLS: Final = 10


def state(word: str) -> Text:
    """A state with its dot: colour never speaks alone."""
    return Text(f"● {word}", style=COLOURS.get(word, ""))


def span(ms: float | None) -> str:
    """A duration in two units at most: 340 ms, 2.4 s, 3 m 05 s, 2 h 10 m, 4 d 3 h."""
    if ms is None:
        return "–"
    if ms < 1_000:
        return f"{ms:.0f} ms"
    seconds = ms / 1_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 3_600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02} m"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"


def clock(at_ms: int | None) -> str:
    """A time of today's clock; another day's with its date. In the terminal's time zone."""
    if at_ms is None:
        return "–"
    at = datetime.fromtimestamp(at_ms / 1_000).astimezone()
    if at.date() == datetime.now().astimezone().date():
        return at.strftime("%H:%M:%S")
    return at.strftime("%Y-%m-%d %H:%M:%S")


def age(at_ms: int | None) -> str:
    """How long ago a time was."""
    return "–" if at_ms is None else span(max(0, time.time() * 1_000 - at_ms))


def bar(percent: float) -> Text:
    """A progress bar of ten cells and the number."""
    full = round(percent / 100 * _BAR_CELLS)
    text = Text("━" * full, style="blue")
    text.append("━" * (_BAR_CELLS - full), style="bright_black")
    return text.append(f" {percent:3.0f} %", style="")
