"""How `jobhub top` lays out its screen: a head line, counts, three curves, jobs beside queues and workers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from rich.console import ConsoleDimensions, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hub.cli import looks
from hub.cli.fleet_state import FleetState, Second

_STATES: Final = (
    "scheduled",
    "pending",
    "assigned",
    "in_progress",
    "completed",
    "failed",
    "cancelled",
)
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_CURVE_S: Final = 60
_WIDE: Final = 110  # columns that jobs, queues and workers need side by side
_FRAME_LINES: Final = 14  # lines of the screen that are not rows of a table


class Link(msgspec.Struct, frozen=True):
    """The connection as the head line tells it."""

    url: str
    lost: str | None = None


def draw(state: FleetState, link: Link, size: ConsoleDimensions) -> RenderableType:
    """Lay out the screen for a terminal of `size`."""
    top = (_head(link), _counts(state), _curves(state, size.width))
    if size.width < _WIDE:
        return Group(*top, *_stacked(state, max(3, (size.height - _FRAME_LINES + 1) // 2)))
    rows = max(5, size.height - _FRAME_LINES)
    side = Group(_queues(state, rows // 2), _workers(state, rows - rows // 2))
    return Group(*top, _beside(3, _jobs(state, rows + 3), 2, side))


def _stacked(state: FleetState, rows: int) -> tuple[RenderableType, RenderableType]:
    """Jobs, and below them queues beside workers."""
    return _jobs(state, rows), _beside(2, _queues(state, rows), 3, _workers(state, rows))


def _beside(
    left_share: int, left: RenderableType, right_share: int, right: RenderableType
) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=left_share)
    grid.add_column(ratio=right_share)
    grid.add_row(left, right)
    return grid


def _head(link: Link) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column()
    grid.add_column(justify="right")
    if link.lost is None:
        badge = Text("● live", style="green")
    else:
        badge = Text(f"● connecting again: {link.lost}", style="yellow", overflow="ellipsis")
    name = Text("Jobhub ", style="bold").append(link.url, style="not bold dim")
    grid.add_row(name, badge.append(datetime.now().astimezone().strftime("  %H:%M:%S"), "dim"))
    return grid


def _counts(state: FleetState) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1))
    for _ in _STATES:
        grid.add_column(ratio=1, no_wrap=True)
    grid.add_row(
        *(Text(f"{state.counts.get(name, 0):,}", f"bold {looks.COLOURS[name]}") for name in _STATES)
    )
    grid.add_row(*(Text(name.replace("_", " "), style="dim") for name in _STATES))
    return Panel(grid, border_style="bright_black", padding=(0, 1))


def _curves(state: FleetState, width: int) -> RenderableType:
    now = int(time.time())
    cells = min(
        _CURVE_S, max(10, width // 3 - 2)
    )  # the newest seconds, as many as there is room for
    by_second = {item.second: item for item in state.seconds}
    # The second that still runs has no figures yet; one without an entry saw no change.
    shown = [by_second.get(now - back) for back in range(cells, 0, -1)]
    last = state.seconds[-1] if state.seconds else Second()
    recent = [item for item in shown[-10:] if item is not None]
    done = sum(item.completed for item in recent) / 10
    failed = sum(item.failed for item in recent) / 10
    present = [worker for worker in state.workers.values() if worker.status != "offline"]
    busy = sum(min(len(worker.job_ids), worker.slots) for worker in present)
    offered = sum(worker.slots for worker in present)
    grid = Table.grid(expand=True, padding=(0, 2))
    for _ in range(3):
        grid.add_column(ratio=1)
    grid.add_row(
        _curve(
            "throughput",
            f"{done:.1f} /s, {failed:.1f} failed",
            [item.completed if item else 0 for item in shown],
            "blue",
        ),
        _curve(
            "wait p95",
            looks.span(last.wait.p95) if last.wait else "–",
            [item.wait.p95 if item and item.wait else 0 for item in shown],
            "magenta",
        ),
        _curve(
            "utilisation",
            f"{busy} of {offered} slots",
            [item.busy / item.offered if item and item.offered else 0 for item in shown],
            "cyan",
            top=1.0,
        ),
    )
    return grid


def _curve(
    title: str, figure: str, values: list[float], colour: str, top: float | None = None
) -> RenderableType:
    highest = top or max(values, default=0) or 1
    cells = "".join(
        _BLOCKS[min(len(_BLOCKS) - 1, int(value / highest * len(_BLOCKS)))] for value in values
    )
    head = Text(title, style="dim").append(f"  {figure}", style="not dim bold")
    return Group(_one_line(head), Text(cells, style=colour, no_wrap=True, overflow="crop"))


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=True, header_style="dim", pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    return table


def _panel(title: str, content: Table) -> Panel:
    return Panel(content, title=title, title_align="left", border_style="bright_black")


def _jobs(state: FleetState, rows: int) -> Panel:
    table = _table("running", "type", "worker", "for", "progress")
    now = time.time() * 1_000
    oldest_first = sorted(state.active.values(), key=lambda job: job.assigned_at or 0)
    for job in oldest_first[:rows]:
        progress = looks.bar(job.progress.percent) if job.progress else Text("–", style="dim")
        if job.progress and job.progress.message:
            progress.append(f"  {job.progress.message}", style="dim")
        since = job.started_at or job.assigned_at or now
        table.add_row(
            job.job_id[:8],
            job.job_type,
            job.worker_id or "–",
            looks.span(max(0.0, now - since)),
            _one_line(progress),
        )
    return _panel(f"{len(state.active)} running", table)


def _queues(state: FleetState, rows: int) -> Panel:
    table = _table("queue", "pending", "")
    fullest = sorted(state.queues.values(), key=lambda queue: (-queue.pending, queue.job_type))
    for queue in fullest[:rows]:
        note = Text("paused", style="yellow") if queue.paused else Text()
        if queue.unworkable and queue.pending:
            note = Text(str(queue.unworkable[0].get("reason", "")), style="red")
        table.add_row(queue.job_type, f"{queue.pending:,}", _one_line(note))
    return _panel("queues", table)


def _workers(state: FleetState, rows: int) -> Panel:
    table = _table("worker", "state", "slots", "done", "failed")
    for worker in _present_first(state.workers.values())[:rows]:
        table.add_row(
            worker.worker_id,
            looks.state(worker.status),
            f"{len(worker.job_ids)}/{worker.slots}",
            f"{worker.completed:,}",
            f"{worker.failed:,}",
        )
    return _panel("workers", table)


def _present_first(workers: Iterable[Any]) -> list[Any]:
    return sorted(workers, key=lambda worker: (worker.status == "offline", worker.worker_id))


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
