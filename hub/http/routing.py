"""Ids in paths: what a route takes for an id, and what it leaves to the routes below it."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter


class JobIdConverter(BaseConverter):
    """A job's id: one segment, but not the routes beside it."""

    regex = r"(?!(?:batch|bulk)\Z)[^/]+"


class NameConverter(BaseConverter):
    """A worker's id or a job type at the end of a path: may hold slashes, but not end like an action.

    So a wrong method on `…/drain` is 405, not the unknown worker `…/drain`; `path` serves the actions.
    """

    regex = r"(?!.*/(?:drain|resume|pause)\Z)[^/].*?"
    part_isolating = False


def prepare_routing(app: Flask) -> None:
    """Teach `app` the converters, and to take paths as they are: `a//b` is an id too."""
    app.url_map.converters |= {"job_id": JobIdConverter, "name": NameConverter}
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
