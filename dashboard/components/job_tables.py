"""The panel of the Live page's job tables: a tab a list, and what can be done with the rows that are ticked.

assets/js/69_job_tables.js fills it.
"""

from __future__ import annotations

from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard.components.job_grid import LISTS, job_grid
from dashboard.components.widget import Widget, part

_FIRST: Final = "active"
_TABS_LABEL: Final[dict[str, Any]] = {"aria-label": "Job lists"}


def job_tables() -> Component:
    """Build the panel."""
    tabs = html.Div(
        [_tab(name, title) for name, (title, _) in LISTS.items()],
        className="tabs",
        role="tablist",
        **_TABS_LABEL,
    )
    body = [
        html.H2("Jobs", className="visually-hidden"),
        html.Div(tabs, className="tab-bar"),
        html.Div(_tools(), className="toolbar"),
        html.Div([_tab_panel(name) for name in LISTS], className="tab-panels"),
        html.P("", className="panel-foot", **part("foot")),
    ]
    return Widget("job_tables", html.Section(body, className="panel"), className="live-jobs")


def _tab(name: str, title: str) -> Component:
    attributes: dict[str, Any] = {
        "data-list": name,
        "aria-selected": "true" if name == _FIRST else "false",
        "aria-controls": f"rows-{name}",
    }
    count = html.Span("–", className="tab-count", **part(f"count-{name}"))
    return html.Button([title, count], className="tab", role="tab", id=f"tab-{name}", **attributes)


def _tab_panel(name: str) -> Component:
    attributes: dict[str, Any] = {"aria-labelledby": f"tab-{name}", "data-list": name}
    return html.Div(
        job_grid(name),
        id=f"rows-{name}",
        role="tabpanel",
        hidden=name != _FIRST,
        className="tab-panel",
        **attributes,
    )


def _tools() -> list[Component]:
    actions = [
        html.Button(word, className="button operates", disabled=True, **part(name))
        for name, word in (("retry", "Retry"), ("cancel", "Cancel"))
    ]
    export = html.A(
        "Export CSV",
        href="/export/jobs.csv",
        className="button",
        download="jobs.csv",
        **part("export"),
    )
    return [
        html.Div(className="filter", **part("filter")),
        html.Span("", className="selection-count", **part("selected")),
        *actions,
        export,
    ]
