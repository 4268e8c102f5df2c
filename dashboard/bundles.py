"""The page's own scripts and styles, each as one file: ninety would wait for each other on a slow link.

The files stay as they are, in the order of their names; a source map names them where a browser's
tools show an error. A bundle's address holds the digest of its text, so browsers keep it for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from flask import Flask, Response

from dashboard.assets import ASSETS

_KEPT: Final = "public, max-age=31536000, immutable"
_DIGITS: Final = 12


class Bundle(msgspec.Struct, frozen=True):
    """One file made of many; `path` is its address, beside the files that it is made of."""

    path: str
    mimetype: str
    text: str


def bundles() -> tuple[Bundle, ...]:
    """Make the styles, the scripts and the scripts' source map."""
    styles = [ASSETS / "bootstrap" / "bootstrap.min.css", *sorted((ASSETS / "css").glob("*.css"))]
    style_text = "\n".join(path.read_text(encoding="utf-8") for path in styles)
    scripts = sorted((ASSETS / "js").glob("*.js"))
    texts = [path.read_text(encoding="utf-8").rstrip("\n") + "\n" for path in scripts]
    source_map = _source_map([path.name for path in scripts], texts)
    name = f"all-{_digest(''.join(texts))}.js"
    script_text = "".join(texts) + f"//# sourceMappingURL={name}.map\n"
    return (
        Bundle(f"/assets/css/all-{_digest(style_text)}.css", "text/css", style_text),
        Bundle(f"/assets/js/{name}", "text/javascript", script_text),
        Bundle(f"/assets/js/{name}.map", "application/json", source_map),
    )


def register_bundles(server: Flask, made: Sequence[Bundle]) -> None:
    """Serve them; the page of another version, which asks elsewhere, gets what is here, not to be kept."""
    for bundle in made:
        server.add_url_rule(bundle.path, bundle.path, lambda bundle=bundle: _answer(bundle, _KEPT))
    styles, scripts, _ = made

    @server.get("/assets/css/all-<digest>.css")
    def other_styles(digest: str) -> Response:
        return _answer(styles, "no-cache")

    @server.get("/assets/js/all-<digest>.js")
    def other_scripts(digest: str) -> Response:
        return _answer(scripts, "no-cache")


def _answer(bundle: Bundle, caching: str) -> Response:
    headers = {"Cache-Control": caching}
    return Response(bundle.text, mimetype=bundle.mimetype, headers=headers)


def _source_map(names: Sequence[str], texts: Sequence[str]) -> str:
    """Name the file and line of every line. Source: ECMA-426, index maps."""
    sections: list[dict[str, Any]] = []
    line = 0
    for name, text in zip(names, texts, strict=True):
        lines = text.count("\n")
        # A line each: its first column is the next line's of the same file.
        mappings = ";".join(["AAAA", *["AACA"] * (lines - 1)])
        told = {"version": 3, "sources": [name], "names": [], "mappings": mappings}
        sections.append({"offset": {"line": line, "column": 0}, "map": told})
        line += lines
    return json.dumps({"version": 3, "sections": sections})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
