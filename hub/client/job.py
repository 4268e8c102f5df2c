"""A job's record as a client reads it."""

from __future__ import annotations

from typing import Any

from hub import records


class Job(records.Job, frozen=True, kw_only=True, omit_defaults=True):
    """`hub.records.Job` with payload and result as plain Python values.

    Both are None in what lists and submits bring: `HubClient.get` reads them.
    """

    payload: Any = None
    result: Any = None
