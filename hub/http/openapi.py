"""The OpenAPI 3.1 document, made of the routes and of the types that validate what they take."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from hub.http.constraints import CONSTRAINTS
from hub.http.operations import Operation, operation_of
from hub.http.problems import Problem
from hub.messages import ID_PATTERN

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ANY_REQUEST: Final = (400, 401, 403, 429, 503)
_WITH_BODY: Final = (413, 415, 422)
_REF: Final = "#/components/schemas/{name}"
_SCHEMA_PATTERN: Final = ID_PATTERN.removesuffix(
    r"(?!\n)"
)  # `$` ends a text in JSON Schema's dialect
_ID_SCHEMA: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "pattern": _SCHEMA_PATTERN,
}
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_CONVERTER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


def build_document(app: Flask) -> dict[str, Any]:
    """Build the document of every route of `app` that has an operation."""
    found = list(documented_routes(app))
    shapes: dict[Any, None] = {Problem: None}
    for _, _, said in found:
        shapes.update(dict.fromkeys(_shapes_of(said)))
    (*_,), components = msgspec.json.schema_components(list(shapes), ref_template=_REF)
    schemas = {name: _finish(name, schema) for name, schema in components.items()}
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, said in found:
        paths.setdefault(path_of(rule), {})[method.lower()] = _describe(rule, said, schemas)
    queries = {said.query.__name__ for _, _, said in found if said.query is not None}
    bodies = {said.body.__name__ for _, _, said in found if said.body is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jobhub",
            "version": version("jobhub"),
            "summary": "Submit jobs, follow them, and run the hub.",
            "description": "Times are integer Unix milliseconds. Errors are RFC 9457 problem documents.",
        },
        "paths": paths,
        "components": {
            "schemas": {
                name: schema
                for name, schema in schemas.items()
                if name in bodies or name not in queries
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def documented_routes(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    """Give each documented route with one method, in the order of registration."""
    for rule in app.url_map.iter_rules():
        said = operation_of(app.view_functions[rule.endpoint])
        if said is None:
            continue
        for method in _METHODS:
            if method in (rule.methods or ()):
                yield rule, method, said


def path_of(rule: Rule) -> str:
    """Write a rule's path as OpenAPI does: `/api/jobs/{job_id}`."""
    return _CONVERTER.sub(r"{\1}", rule.rule)


def _shapes_of(said: Operation) -> Iterator[Any]:
    if said.query is not None:
        yield said.query
    if said.body is not None:
        yield said.body
    yield from (
        shape for shape in said.answers.values() if not isinstance(shape, (str, type(None)))
    )


def _describe(rule: Rule, said: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _ID_SCHEMA}
        for name in _CONVERTER.findall(rule.rule)
    ]
    if said.query is not None:
        parameters += _query_parameters(schemas[said.query.__name__])
    statuses = {*said.errors, *_ANY_REQUEST, *(_WITH_BODY if said.body else ())}
    answers = {str(status): _answer(status, shape) for status, shape in said.answers.items()}
    problems = {str(status): _content(status, _PROBLEM, _reference(Problem)) for status in statuses}
    described: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": said.summary,
        "tags": [said.tag],
        "responses": dict(sorted({**answers, **problems}.items())),
    }
    if said.detail:
        described["description"] = said.detail
    if parameters:
        described["parameters"] = parameters
    if said.body is not None:
        described["requestBody"] = {
            "required": said.body_required,
            "content": {_JSON: {"schema": _reference(said.body)}},
        }
    return described


def _answer(status: int, shape: Any) -> dict[str, Any]:
    if shape is None:
        return {"description": HTTPStatus(status).phrase}
    if isinstance(shape, str):
        return _content(status, shape, {"type": "string"})
    return _content(status, _JSON, _reference(shape))


def _content(status: int, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {kind: {"schema": schema}}}


def _reference(shape: Any) -> dict[str, str]:
    return {"$ref": _REF.format(name=shape.__name__)}


def _query_parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = []
    for name, given in schema["properties"].items():
        described = _without_null(given)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": described,
        }
        if described.get("type") == "array":
            parameter |= {"style": "form", "explode": False}  # a comma separates the items
        parameters.append(parameter)
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent rather than null."""
    schema = {key: value for key, value in schema.items() if (key, value) != ("default", None)}
    choices = [choice for choice in schema.pop("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema |= choices[0]
    elif choices:
        schema["anyOf"] = choices
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    return schema


def _finish(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Add what no single field can say, and write patterns and texts as other tools read them."""
    finished: dict[str, Any] = _rewrite(schema)
    if "description" in finished:
        finished["description"] = inspect.cleandoc(finished["description"])
    if name in CONSTRAINTS:
        finished["allOf"] = CONSTRAINTS[name]
    return finished


def _rewrite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rewrite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rewrite(inner) for inner in value]
    return _SCHEMA_PATTERN if value == ID_PATTERN else value
