"""The Live page's figures split by job type or worker: what happened before the page looked.

The hub keeps a thousand groups; a chart shows `SERIES_MAX` of them, those that finished most in the range.
What the rest did is the browser's to tell: the whole hub's figures, which it has, minus these.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, abort, jsonify, request

from dashboard.hub_client import HubApi

SPLIT_PATH: Final = "/live/split"
SERIES_MAX: Final = 5  # lines that the eye tells apart; "Other" is the sixth
PREFIXES: Final = {"job_type": "type:", "worker": "worker:"}

_COLUMNS: Final = ("at", "completed", "failed", "run_p95_ms", "busy_ms", "offered_ms")
_RANGE: Final = ("from", "to", "step")


def register_split_series(server: Flask, hub: HubApi) -> None:
    """Add GET /live/split?by=&from=&to=&step=[&name=...]: `{step_s, closed_until, others, groups}`.

    `groups` are columns with their `name`; `others` tells whether more groups had figures. With names
    given, those are read again.
    """

    @server.get(SPLIT_PATH)
    def split() -> Response:
        by = request.args.get("by", "")
        if by not in PREFIXES:
            abort(422, description="by: expected job_type or worker")
        asked = {name: request.args[name] for name in _RANGE if name in request.args}
        names = request.args.getlist("name")[:SERIES_MAX]
        others = request.args.get("others") == "1"
        if not names:
            names, others = _largest(hub, by, asked)
        return jsonify({**_series(hub, by, names, asked), "others": others})


def _largest(hub: HubApi, by: str, asked: dict[str, str]) -> tuple[list[str], bool]:
    """The groups that finished most in the range, and whether there are more."""
    query = {**asked, "group_by": by}
    query.pop("step", None)
    rows = hub.get("/api/metrics/summary", query)["rows"]
    seen = [row for row in rows if _finished(row) or row["busy_ms"] or row["submitted"]]
    seen.sort(key=lambda row: (-_finished(row), -row["busy_ms"], row["group"]))
    names = [row["group"].removeprefix(PREFIXES[by]) for row in seen]
    return names[:SERIES_MAX], len(names) > SERIES_MAX


def _finished(row: dict[str, Any]) -> int:
    finished: int = row["completed"] + row["failed"]
    return finished


def _series(hub: HubApi, by: str, names: list[str], asked: dict[str, str]) -> dict[str, Any]:
    """Read the named groups up to one moment, one request each: all in one would hold a thousand."""
    until = dict(asked)
    groups: list[dict[str, Any]] = []
    answer: dict[str, Any] = {}
    for name in names or [""]:  # none yet: still tells up to when that is known
        answer = hub.get("/api/metrics/series", {**until, "group": PREFIXES[by] + name})
        until.setdefault("to", str(answer["closed_until"]))
        if name:
            columns = answer["groups"][PREFIXES[by] + name]
            groups.append(
                {"name": name, **{column: columns.get(column, []) for column in _COLUMNS}}
            )
    return {"step_s": answer["step_s"], "closed_until": int(until["to"]), "groups": groups}
