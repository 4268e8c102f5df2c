"""Who asks, for the length of one request."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from flask import g, has_request_context

Role = Literal["viewer", "operator"]


class Person(msgspec.Struct, frozen=True):
    """Who asks; `name` is None where nobody signs in. `failure`: why it is not known who may come in."""

    name: str | None
    role: Role
    failure: str | None = None


OPEN: Final = Person(None, "operator")
NOBODY: Final = Person(None, "viewer")


def current() -> Person:
    """Who asks in this request; outside of one nobody does, and nothing may be changed."""
    person: Person = g.get("person", NOBODY) if has_request_context() else NOBODY
    return person
