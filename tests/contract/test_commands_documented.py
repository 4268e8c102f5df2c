"""docs/cli.md knows every command and every link of the README leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hub.cli import main
from tests.support.commands import run_jobhub

ROOT = Path(__file__).parents[2]


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(_commands(main, "jobhub"))


def test_every_command_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    assert sorted(re.findall(r"^\| `(jobhub [a-z ]+)` \|", page, re.M)) == sorted(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_command_explains_itself_and_each_of_its_flags(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.default is not None, parameter.name


def test_shell_completes_commands_when_it_asks() -> None:
    environ = {"_JOBHUB_COMPLETE": "bash_complete", "COMP_WORDS": "jobhub re", "COMP_CWORD": "1"}
    assert "replay" in run_jobhub(environ=environ).output


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
