"""How commands print: tables for people, JSON for programs, both on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import click
import msgspec
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from hub.cli.plain import plain

F = TypeVar("F", bound=Callable[..., Any])

_PIPE_WIDTH: Final = 200  # columns where no terminal tells its width: a log should not wrap

json_flag: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)


class _Terminal(Console):
    """A console whose texts are plain, whoever wrote them."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Render as rich does; only rich itself may send control codes."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(plain(segment.text), segment.style)


def console(*, error: bool = False) -> Console:
    """Make a console on standard output; colours only where a terminal shows them."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return _Terminal(file=stream, width=width, highlight=False, soft_wrap=False)


def print_table(table: Table) -> None:
    """Print a table."""
    console().print(table)


def print_json(value: Any) -> None:
    """Print one JSON document, indented, with a line feed."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
