"""How commands print: tables for people, JSON for programs, both on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

F = TypeVar("F", bound=Callable[..., Any])

_PIPE_WIDTH: Final = 200  # columns where no terminal tells its width: a log should not wrap

json_flag: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)


def console(*, error: bool = False) -> Console:
    """Make a console on standard output; colours only where a terminal shows them."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def print_table(table: Table) -> None:
    """Print a table."""
    console().print(table)


def print_json(value: Any) -> None:
    """Print one JSON document, indented, with a line feed."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
