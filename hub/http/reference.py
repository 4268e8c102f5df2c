"""/openapi.json and /docs: the API described for programs and for people, without any outside resource."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, current_app, render_template

from hub.http.openapi import build_document

_CSS_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


def reference_blueprint() -> Blueprint:
    """Build the routes."""
    routes = Blueprint("reference", __name__, template_folder="templates")

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return Response(_document_json(_app()), mimetype="application/json")

    @routes.get("/docs")
    def docs() -> Response:
        document = msgspec.json.decode(_document_json(_app()))
        page = render_template("reference.html", document=document, **_arrange(document))
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = _CSS_POLICY
        return response

    @routes.get("/docs/reference.css")
    def stylesheet() -> Response:
        text = (files("hub.http") / "templates" / "reference.css").read_text(encoding="utf-8")
        return Response(text, mimetype="text/css")

    return routes


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


@cache
def _document_json(app: Flask) -> bytes:
    return msgspec.json.encode(build_document(app))


def _arrange(document: dict[str, Any]) -> dict[str, Any]:
    """Group the operations by tag, in the order of first mention."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            entry = {"path": path, "method": method.upper(), **said}
            groups.setdefault(said["tags"][0], []).append(entry)
    return {"groups": groups, "type_of": _type_of}


def _type_of(schema: dict[str, Any]) -> dict[str, str]:
    """Say a schema in a few words: `text`, and the name of the shape it links to, if any."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {"text": name, "shape": name}
    if "anyOf" in schema:
        parts = [_type_of(choice) for choice in schema["anyOf"]]
        shape = next((part["shape"] for part in parts if part["shape"]), "")
        return {"text": " or ".join(part["text"] for part in parts), "shape": shape}
    if "enum" in schema:
        return {"text": " | ".join(map(_show, schema["enum"])), "shape": ""}
    if "const" in schema:
        return {"text": _show(schema["const"]), "shape": ""}
    if schema.get("type") == "array":
        inner = _type_of(schema.get("items", {}))
        return {"text": f"list of {inner['text']}{_limits(schema)}", "shape": inner["shape"]}
    kind = schema.get("type", "any JSON")
    return {"text": f"{kind}{_limits(schema)}", "shape": ""}


def _limits(schema: dict[str, Any]) -> str:
    names = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
        "maxLength": "≤ {} characters",
        "minItems": "≥ {} items",
        "maxItems": "≤ {} items",
        "pattern": "matches {}",
    }
    said = [text.format(schema[name]) for name, text in names.items() if name in schema]
    return f", {', '.join(said)}" if said else ""


def _show(value: Any) -> str:
    return msgspec.json.encode(value).decode()
