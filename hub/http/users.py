"""/api/users: who signs in to the dashboard. For operators' tokens, the dashboard's among them."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from hub.audit import AuditLog
from hub.http.bodies import read_body, read_no_body
from hub.http.callers import caller
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.shapes import Ended
from hub.users import User, UserRequest, Users, UserSecret


class UserList(msgspec.Struct, frozen=True):
    """Every user by name."""

    users: list[User]


def users_blueprint(users: Users, audit: AuditLog) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("users", __name__, url_prefix="/api/users")
    _add_reads(routes, users)
    _add_changes(routes, users, audit)
    return routes


def _add_reads(routes: Blueprint, users: Users) -> None:
    @routes.get("")
    @operation(summary="List the dashboard's users", tag="Access", answers={200: UserList})
    def list_users() -> Response:
        return answer(UserList(users.all()))

    @routes.get("/<name:name>")
    @operation(
        summary="Read a user with the password's digest",
        tag="Access",
        answers={200: UserSecret},
        errors=(404,),
    )
    def get(name: str) -> Response:
        return answer(users.get(name))


def _add_changes(routes: Blueprint, users: Users, audit: AuditLog) -> None:
    @routes.post("")
    @operation(
        summary="Add a user, or change role and password",
        tag="Access",
        body=UserRequest,
        answers={200: User},
        errors=(429,),
        detail="Passwords never come here: `password_hash` is their scrypt digest. Sessions of the user end.",
    )
    def put() -> Response:
        wanted = read_body(UserRequest)
        user = users.put(wanted)
        audit.record(caller().actor, "user_changed", name=user.name, role=user.role)
        return answer(user)

    @routes.delete("/<name:name>")
    @operation(
        summary="Remove a user and end the sessions",
        tag="Access",
        answers={200: Ended},
        errors=(404,),
    )
    def remove(name: str) -> Response:
        read_no_body()
        users.remove(name)
        audit.record(caller().actor, "user_removed", name=name)
        return answer(Ended(name))
