"""Rules between fields, as JSON Schema: what the code checks and no type of a single field can say."""

from __future__ import annotations

from typing import Any, Final


def _given(field: str) -> dict[str, Any]:
    """`field` is there and not null."""
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}


def _not_both(one: str, other: str) -> dict[str, Any]:
    return {"not": {"allOf": [_given(one), _given(other)]}}


def _needs(field: str, other: str) -> dict[str, Any]:
    return {"anyOf": [{"not": _given(field)}, _given(other)]}


CONSTRAINTS: Final[dict[str, list[dict[str, Any]]]] = {
    "SubmitRequest": [
        _not_both("run_at", "delay_s"),
        _needs("workflow_priority", "workflow_id"),
        _needs("workflow_submitted_at", "workflow_id"),
    ],
    "BulkRequest": [
        _not_both("ids", "filter"),
        {"anyOf": [_given("ids"), _given("filter")]},
        {
            "anyOf": [
                {"allOf": [{"properties": {"action": {"const": "priority"}}}, _given("priority")]},
                {
                    "properties": {"action": {"not": {"const": "priority"}}},
                    "not": _given("priority"),
                },
            ]
        },
        _needs("cursor", "filter"),
    ],
    "ChangeRequest": [{"anyOf": [_given("priority"), _given("run_at")]}],
}
