"""Query parameters: one Struct a route; an unknown or wrong one is refused and named."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from flask import request

from hub.errors import InvalidInput

T = TypeVar("T")


def read_query(shape: type[T]) -> T:
    """Read the query into `shape`; a comma separates the items of a list.

    Raises: InvalidInput.
    """
    given: dict[str, Any] = {}
    lists = {
        field.name
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
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$.")
        unknown = sentence.partition("unknown field `")[2].rstrip("`")
        missing = sentence.partition("required field `")[2].rstrip("`")
        raise InvalidInput(sentence, field=path.rstrip("`") or unknown or missing or None) from None
