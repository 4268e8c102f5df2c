"""`jobhub token`: make, list and revoke the tokens of programs."""

from __future__ import annotations

from typing import Any

import click
import msgspec
from rich.table import Table

from hub.cli import looks
from hub.cli.hub_api import HubApi, segment
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.roles import ROLES, Role


class Token(msgspec.Struct):
    """What the hub tells of a token."""

    name: str
    role: Role
    created_at: int
    created_by: str
    last_used_at: int | None = None


class TokenList(msgspec.Struct):
    """Answer of GET /api/tokens."""

    tokens: list[Token]


class NewToken(msgspec.Struct):
    """Answer of POST /api/tokens."""

    name: str
    role: Role
    token: str


@click.group("token")
def token_group() -> None:
    """Make, list and revoke tokens: who may submit, work, look or operate."""


@token_group.command("create")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What it may do.")
@click.option("--name", required=True, metavar="NAME", help="Whose it is: jobs and audit show it.")
@settings_flags(CLIENT)
@json_flag
def create_token(role: Role, name: str, as_json: bool, **flags: Any) -> None:
    """Make a token and print it, this once.

    The first one must be an operator's where JOBHUB_TOKEN is not set: it closes the hub.
    """
    with HubApi(settings_from(flags)) as api:
        made = api.post("/api/tokens", NewToken, {"role": role, "name": name})
    if as_json:
        print_json(made)
        return
    click.echo(f"The token of {name} ({role}); it is not shown again:", err=True)
    click.echo(made.token)


@token_group.command("list")
@settings_flags(CLIENT)
@json_flag
def list_tokens(as_json: bool, **flags: Any) -> None:
    """List the tokens: role, age, last use."""
    with HubApi(settings_from(flags)) as api:
        tokens = api.get("/api/tokens", TokenList).tokens
    if as_json:
        print_json(tokens)
        return
    table = Table("token", "role", "made", "by", "last used", box=None)
    for token in tokens:
        used = token.last_used_at
        table.add_row(
            token.name,
            token.role,
            f"{looks.age(token.created_at)} ago",
            token.created_by,
            "never" if used is None else f"{looks.age(used)} ago",
        )
    print_table(table)


@token_group.command("revoke")
@click.argument("name")
@settings_flags(CLIENT)
@json_flag
def revoke_token(name: str, as_json: bool, **flags: Any) -> None:
    """End the token NAME at once."""
    with HubApi(settings_from(flags)) as api:
        revoked = api.delete(f"/api/tokens/{segment(name)}", dict[str, str])
    if as_json:
        print_json(revoked)
    else:
        click.echo(f"{name} is revoked")
