"""The command line: one module a group of commands; `main` is what `jobhub` runs."""

from __future__ import annotations

from hub.cli.main import main

__all__ = ["main"]
