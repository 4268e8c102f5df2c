"""What the fuzzer changes in a request before it is sent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import schemathesis

_ALLOWED_S = 60  # what is above is sent as it is, and has to be refused
_ENOUGH_S = 0.1


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Wait for no result as long as one may: the fuzzer's jobs have none, and a minute is allowed."""
    query = case.query or {}
    with suppress(KeyError, TypeError, ValueError):  # not there, or no number: the hub says so
        if _ENOUGH_S < float(query["wait_s"]) <= _ALLOWED_S:
            query["wait_s"] = _ENOUGH_S
