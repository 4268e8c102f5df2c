"""Query parameters: one Struct a route; an unknown or wrong one is refused and named."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from flask import request

from hub.decoding import invalid_field
from hub.errors import InvalidInput

T = TypeVar("T")


def read_query(shape: type[T]) -> T:
    """Read the query into `shape`; a comma separates the items of a list.

    Raises: InvalidInput.
    """
    given: dict[str, Any] = {}
    lists = {
        field.encode_name
        for field in msgspec.structs.fields(shape)  # type: ignore[arg-type]
        if "list" in str(field.type)
    }
    for name in request.args:
        values = request.args.getlist(name)
        if name in lists:
            given[name] = [item for value in values for item in value.split(",") if item]
        elif len(values) > 1:
            raise InvalidInput("given more than once", field=name)
        else:
            given[name] = values[0]
    try:
        query = msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise invalid_field(str(error)) from None
    for field in msgspec.structs.fields(shape):  # type: ignore[arg-type]
        # What is absent is not written; msgspec takes the word null for it.
        if field.encode_name in given and getattr(query, field.name) is None:
            raise InvalidInput("Expected a value, got `null`", field=field.encode_name)
    return query
