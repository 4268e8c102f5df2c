"""A part of a page that no callback touches: one Dash component, however many elements it has.

Dash's renderer looks at every component of the page whenever anything changes, which is most of what
a page of four hundred costs the browser. assets/js/56_still.js makes the same elements with React alone.
"""

from __future__ import annotations

from typing import Any, Final

from dash.development.base_component import Component

_HTML: Final = "dash_html_components"


class Still(Component):
    """Elements as data. Args: tree: as `still` writes it."""

    _children_props: list[str] = []  # noqa: RUF012 - as Dash declares it
    _base_nodes: list[str] = []  # noqa: RUF012
    _namespace = "jobhub_components"
    _type = "Still"

    def __init__(self, tree: Any) -> None:
        self._prop_names = ["tree"]
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_attributes: list[str] = []
        super().__init__(tree=tree)  # type: ignore[no-untyped-call]


def still(component: Component) -> Still:
    """Make one component of elements and widgets.

    Raises: TypeError: one of them is neither, so that Dash has to see it.
    """
    return Still(_written(component))


def _written(node: Any) -> Any:
    """Write `{tag | widget, props, children}`; text and numbers as they are."""
    if not isinstance(node, Component):
        return node
    given = node.to_plotly_json()  # type: ignore[no-untyped-call]
    props = {name: value for name, value in given["props"].items() if value is not None}
    children = props.pop("children", [])
    if not isinstance(children, (list, tuple)):
        children = [children]
    if given["namespace"] == _HTML:
        kind = {"tag": given["type"].lower()}
    elif given["type"] == "Widget":
        kind = {"widget": given["type"]}
    else:
        raise TypeError(f"{given['type']} is neither an element nor a widget")
    written = [_written(child) for child in children if child is not None]
    return {**kind, "props": props, "children": written}
