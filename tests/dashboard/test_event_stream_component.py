"""The component's Python half and the route beside it."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from dashboard.components.event_stream import EventStream
from dashboard.live_snapshot import register_live_snapshot


def test_component_writes_only_the_props_given_when_it_is_serialised() -> None:
    stream = EventStream(id="stream", hub_url="http://h:1", ticket_url="/live/ticket")
    assert json.loads(json.dumps(stream.to_plotly_json())) == {
        "namespace": "jobhub_components",
        "type": "EventStream",
        "props": {
            "id": "stream",
            "hub_url": "http://h:1",
            "presets": [],
            "ticket_url": "/live/ticket",
            "auto_connect": False,
        },
    }


def test_component_is_refused_when_a_prop_is_unknown() -> None:
    with pytest.raises(TypeError):
        EventStream(id="stream", hub_url="http://h:1", colour="red")  # type: ignore[call-arg]


def test_snapshot_is_read_only_from_hubs_that_are_named_when_polled() -> None:
    server = Flask(__name__)
    register_live_snapshot(server, {"http://h:1": lambda: {"epoch": "e", "seq": 1}})
    browser = server.test_client()
    assert browser.get("/live/snapshot?hub=http://h:1/").json == {"epoch": "e", "seq": 1}
    refused = browser.get("/live/snapshot?hub=http://169.254.169.254/")
    assert (refused.status_code, refused.json["code"]) == (404, "unknown_hub")
