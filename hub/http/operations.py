"""What each route takes and gives, said beside its view: the OpenAPI document is made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

View = TypeVar("View", bound=Callable[..., Any])


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one route, in the types that validate it.

    `answers` maps a status to a Struct (JSON), a media type (text) or None (nothing is said of the
    body); `errors` are the statuses of problem documents beyond those that any request may get.
    """

    summary: str
    tag: str
    answers: dict[int, Any]
    errors: tuple[int, ...] = ()
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    body_required: bool = True
    detail: str = ""


def operation(**said: Any) -> Callable[[View], View]:
    """Attach an `Operation` to a view."""

    def attach(view: View) -> View:
        view.operation = Operation(**said)  # type: ignore[attr-defined]
        return view

    return attach


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """The operation said of a view; None for a route that is not part of the documented API."""
    found: Operation | None = getattr(view, "operation", None)
    return found
