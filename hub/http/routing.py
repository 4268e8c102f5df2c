"""Ids in paths: what a route takes for an id, and what it leaves to the routes below it.

An id of a worker or a job type may hold slashes. It stands in a path as it is, or with `%2F` for a slash:
only so can a worker whose id ends like a route (`gpu/drain`) be named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.routing import BaseConverter

_ENCODED: Final = re.compile(r"%2F", re.IGNORECASE)
_SLASH: Final = "\ue02f"  # of an id, on its way through the routes; no id holds a private character


class JobIdConverter(BaseConverter):
    """A job's id: one segment, but not the routes beside it."""

    regex = r"(?!(?:batch|bulk)\Z)[^/]+"

    def to_python(self, value: str) -> str:
        """Give an encoded slash back."""
        return value.replace(_SLASH, "/")


class NameConverter(JobIdConverter):
    """A worker's id or a job type at the end of a path: may hold slashes, but not end like an action.

    So a wrong method on `…/drain` is 405, not the unknown worker `…/drain`.
    """

    regex = r"(?!.*/(?:drain|resume|pause)\Z)[^/].*?"
    part_isolating = False


class ActedNameConverter(JobIdConverter):
    """A worker's id or a job type before an action."""

    regex = r"[^/].*?"
    part_isolating = False


def prepare_routing(app: Flask) -> None:
    """Teach `app` the converters, and to take paths as they are: `a//b` is an id too."""
    app.url_map.converters |= {
        "job_id": JobIdConverter,
        "name": NameConverter,
        "acted_name": ActedNameConverter,
    }
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.wsgi_app = _keep_encoded_slashes(app.wsgi_app)  # type: ignore[method-assign]


def _keep_encoded_slashes(inner: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Let routes tell `%2F` from `/`: WSGI's PATH_INFO is decoded, gunicorn's RAW_URI is not."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("RAW_URI", "").partition("?")[0]
        if path.startswith("/") and _ENCODED.search(path):
            marked = unquote_to_bytes(_ENCODED.sub(_SLASH, path))
            environ["PATH_INFO"] = marked.decode("latin-1")
        return inner(environ, start_response)

    return serve
