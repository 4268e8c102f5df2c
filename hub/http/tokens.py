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
from hub.tokens import NewToken, Token, TokenRequest


class TokenList(msgspec.Struct, frozen=True):
    """Every token by name; the secrets are not kept."""

    tokens: list[Token]


class Revoked(msgspec.Struct, frozen=True):
    """The token that is no more."""

    name: str


def tokens_blueprint(access: Access, audit: AuditLog) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("tokens", __name__, url_prefix="/api/tokens")

    @routes.get("")
    @operation(summary="List tokens", tag="Access", answers={200: TokenList})
    def list_tokens() -> Response:
        return answer(TokenList(access.tokens.all()))

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
        answers={200: Revoked},
        errors=(404, 409),
        detail="Sockets that it opened stay open until they close.",
    )
    def revoke(name: str) -> Response:
        read_no_body()
        access.tokens.revoke(name, rooted=access.rooted)
        audit.record(caller().actor, "token_revoked", name=name)
        return answer(Revoked(name))

    return routes
