"""What no callback touches is one component of Dash, and the same elements on the page."""

from __future__ import annotations

import json

import pytest
from dash import dcc, html

from dashboard.components.still import still
from dashboard.components.widget import Widget


def test_elements_and_widgets_are_data_of_one_component() -> None:
    text = html.P(["n = ", html.B(3), None], className="muted", **{"aria-label": "samples"})
    made = still(html.Div([text, Widget("figure", options={"brush": True})]))
    assert len(list(made._traverse())) == 0  # Dash sees nothing in it
    tree = json.loads(json.dumps(made.to_plotly_json()["props"]["tree"]))
    assert tree["tag"] == "div"
    paragraph, widget = tree["children"]
    assert paragraph == {
        "tag": "p",
        "props": {"className": "muted", "aria-label": "samples"},
        "children": ["n = ", {"tag": "b", "props": {}, "children": [3]}],
    }
    assert (widget["widget"], widget["props"]["options"]) == ("Widget", {"brush": True})


def test_component_is_refused_when_dash_has_to_see_it() -> None:
    with pytest.raises(TypeError, match="Graph"):
        still(html.Div(dcc.Graph()))
