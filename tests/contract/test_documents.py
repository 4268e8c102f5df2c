"""docs/http.md and docs/protocol.md are true: every example runs, every route and message is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from hub import messages
from hub.app import create_app, create_hub
from hub.config import Settings
from hub.http.openapi import documented_routes, path_of
from tests.support.examples import Examples, read_examples
from tests.support.processes import Server

DOCS = Path(__file__).parents[2] / "docs"

SENT_BY_THE_HUB = {
    "full_state_snapshot",
    "subscription_confirmed",
    "resumed",
    "events",
    "window",
    "heartbeat_ack",
    "stats_broadcast",
    "error",
    "registered",
    "assign",
    "ack",
    "stale",
    "cancel",
    "drain",
    "submitted",
    "submitted_batch",
    "cancelled",
    "following",
    "event",
    "result",
}


@pytest.mark.parametrize("name", ["http.md", "protocol.md"])
def test_every_example_is_answered_as_the_text_says(hub: Server, name: str) -> None:
    found = list(read_examples((DOCS / name).read_text(encoding="utf-8")))
    assert len(found) > 10
    with Examples(hub.url) as examples:
        for kind, text in found:
            examples.run(kind, text)


def test_every_route_is_described(settings: Settings, redis_url: str) -> None:
    app = create_app(create_hub(settings, redis_url))
    text = (DOCS / "http.md").read_text(encoding="utf-8")
    routes = {f"{method} {path_of(rule)}" for rule, method, _ in documented_routes(app)}
    assert sorted(route for route in routes if f"`{route}`" not in text) == []


def test_every_route_says_what_it_takes_and_gives(settings: Settings, redis_url: str) -> None:
    app = create_app(create_hub(settings, redis_url))
    described = {rule.rule for rule, _, _ in documented_routes(app)}
    beside = {"/openapi.json", "/docs", "/docs/reference.css", "/metrics"}
    rules = {rule.rule for rule in app.url_map.iter_rules() if not rule.websocket}
    assert sorted(rules - described - beside) == []


def test_every_message_is_described() -> None:
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    kinds: set[Any] = set(SENT_BY_THE_HUB)
    for union in (messages.WorkerMessage, messages.ClientMessage, messages.MonitorMessage):
        kinds |= {shape.__struct_config__.tag for shape in get_args(union)}
    assert sorted(kind for kind in kinds if not re.search(f"`{kind}[` ]", text)) == []
