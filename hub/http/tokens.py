"""/api/tokens: make tokens, see when each was last used, end them."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from hub.access import Access
from hub.audit import AuditLog
from hub.http.bodies import read_body, read_no_body
from hub.http.callers import caller
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.shapes import Ended
from hub.tokens import NewToken, Token, TokenRequest


class TokenList(msgspec.Struct, frozen=True):
    """Every token by name; the secrets are not kept."""

    tokens: list[Token]


def tokens_blueprint(access: Access, audit: AuditLog) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("tokens", __name__, url_prefix="/api/tokens")
    _add_reads(routes, access)
    _add_changes(routes, access, audit)
    return routes


def _add_reads(routes: Blueprint, access: Access) -> None:
    @routes.get("")
    @operation(summary="List tokens", tag="Access", answers={200: TokenList})
    def list_tokens() -> Response:
        return answer(TokenList(access.tokens.all()))


def _add_changes(routes: Blueprint, access: Access, audit: AuditLog) -> None:
    @routes.post("")
    @operation(
        summary="Make a token for a role; it is shown this once",
        tag="Access",
        body=TokenRequest,
        answers={201: NewToken},
        errors=(409, 429),
        detail=(
            "Without JOBHUB_TOKEN and any token the hub is open to its machine; the first token closes it, "
            "and must be an operator's."
        ),
    )
    def create() -> Response:
        wanted = read_body(TokenRequest)
        made = access.tokens.create(wanted, created_by=caller().actor, rooted=access.rooted)
        audit.record(caller().actor, "token_created", name=made.name, role=made.role)
        return answer(made, 201)

    @routes.delete("/<name:name>")
    @operation(
        summary="End a token at once",
        tag="Access",
        answers={200: Ended},
        errors=(404, 409),
        detail="Sockets that it opened stay open until they close.",
    )
    def revoke(name: str) -> Response:
        read_no_body()
        access.tokens.revoke(name, rooted=access.rooted)
        audit.record(caller().actor, "token_revoked", name=name)
        return answer(Ended(name))
