"""The place of a live widget: a `div` that hands itself to JavaScript for as long as it is mounted.

`jobhub.widget(kind, mount)` in assets/js gives the code: `mount(element, options)` draws into the
element from the store and returns what takes it down again. React calls both, so a page that the
user leaves stops drawing. Children are what stands there before the first drawing: they reserve the space.
"""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component


class Widget(Component):
    """A live widget.

    Args: kind: the name under which assets/js registered it. options: JSON for its `mount`.
          label, role: for screen readers; a label alone makes a group.
    """

    _children_props: list[str] = []  # noqa: RUF012 - as Dash declares it
    _base_nodes: list[str] = ["children"]  # noqa: RUF012
    _namespace = "jobhub_components"
    _type = "Widget"

    def __init__(
        self,
        kind: str,
        children: Any = None,
        *,
        id: str | None = None,
        className: str = "",
        options: dict[str, Any] | None = None,
        label: str | None = None,
        role: str | None = None,
    ) -> None:
        self._prop_names = ["children", "id", "kind", "className", "options", "label", "role"]
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_attributes: list[str] = []
        given = {
            "children": children,
            "id": id,
            "kind": kind,
            "className": className,
            "options": options,
            "label": label,
            "role": role or ("group" if label else None),
        }
        super().__init__(  # type: ignore[no-untyped-call]
            **{name: value for name, value in given.items() if value is not None}
        )


def part(name: str) -> dict[str, Any]:
    """Mark an element that the widget around it fills: `html.Span(**part("value"))`."""
    return {"data-part": name}
