"""`jobhub user`: who signs in to the dashboard."""

from __future__ import annotations

import sys
from typing import Any, get_args

import click
import msgspec
from rich.table import Table

from hub.cli import looks
from hub.cli.hub_api import HubApi, segment
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.passwords import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, hash_password
from hub.roles import ViewRole


class User(msgspec.Struct):
    """What the hub tells of a user."""

    name: str
    role: ViewRole
    changed_at: int


class UserList(msgspec.Struct):
    """Answer of GET /api/users."""

    users: list[User]


@click.group("user")
def user_group() -> None:
    """Add, list and remove the people who sign in to the dashboard."""


@user_group.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(get_args(ViewRole)), required=True, help="What they may do."
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, for scripts."
)
@click.option("--no-password", is_flag=True, help="They come in through a proxy that knows them.")
@settings_flags(CLIENT)
@json_flag
def add_user(
    name: str,
    role: ViewRole,
    password_stdin: bool,
    no_password: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Add NAME, or change the role and password.

    Asks for the password, which never leaves this command: the hub keeps a scrypt digest of it.
    """
    settings = settings_from(flags)
    body: dict[str, Any] = {"name": name, "role": role}
    if not no_password:
        body["password_hash"] = hash_password(_read_password(password_stdin))
    with HubApi(settings) as api:
        user = api.post("/api/users", User, body)
    if as_json:
        print_json(user)
    else:
        click.echo(f"{user.name} signs in as {user.role}")


@user_group.command("list")
@settings_flags(CLIENT)
@json_flag
def list_users(as_json: bool, **flags: Any) -> None:
    """List the users: role, last change."""
    with HubApi(settings_from(flags)) as api:
        users = api.get("/api/users", UserList).users
    if as_json:
        print_json(users)
        return
    table = Table("user", "role", "changed", box=None)
    for user in users:
        table.add_row(user.name, user.role, f"{looks.age(user.changed_at)} ago")
    print_table(table)


@user_group.command("remove")
@click.argument("name")
@settings_flags(CLIENT)
@json_flag
def remove_user(name: str, as_json: bool, **flags: Any) -> None:
    """Remove NAME; their sessions end within seconds."""
    with HubApi(settings_from(flags)) as api:
        removed = api.delete(f"/api/users/{segment(name)}", dict[str, str])
    if as_json:
        print_json(removed)
    else:
        click.echo(f"{name} is removed")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise click.UsageError(
            f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters"
        )
    return password
