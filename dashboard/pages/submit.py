"""Submit: one job, a batch or a workflow, with the workers that would take it.

Python builds the frame; assets/js/86_json_check.js to 94_submit.js fill it, check what is typed, and
ask the hub through dashboard/job_routes.py and dashboard/submit_routes.py.
"""

from __future__ import annotations

from typing import Any, Final

import dash
from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.job_grid import JOB_PATH
from dashboard.components.panel import panel
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi

PATH: Final = "/submit"
NAME: Final = "Submit"
IN_NAVIGATION: Final = True

_FORMS: Final = (
    ("job", "One job", "Leave a field empty and the hub's default holds"),
    ("batch", "Batch", "Many jobs at once; each succeeds or fails by itself"),
    ("workflow", "Workflow", "Steps that belong together"),
)


def layout(hub: HubApi, **variables: str) -> Component:
    """Build the page."""
    forms = [_form(*given) for given in _FORMS]
    return html.Div(
        Widget(
            "submit",
            [
                _head(),
                html.Div(
                    [html.Div([*forms, _outcome()], className="submit-forms"), _side()],
                    className="submit-main",
                ),
                html.Div(hidden=True, **part("suggestions")),
            ],
            className="submit-page",
            options={"job_page": _has_job_page()},
        ),
        className="page",
    )


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back: the page asks by its routes."""


def _head() -> Component:
    choices = [
        html.Button(title, className="segment", type="button", **_pressed(name))
        for name, title, _ in _FORMS
    ]
    return html.Div(
        [
            html.H1(NAME, className="page-title"),
            html.Span("", className="page-note"),
            html.Div(choices, className="segments", role="group", **_label("What to submit")),
        ],
        className="page-head",
    )


def _form(name: str, title: str, subtitle: str) -> Component:
    place = html.Div(className="submit-place", **part(f"form-{name}"))
    return html.Div(panel(title, subtitle, place), hidden=name != "job", **part(f"panel-{name}"))


def _outcome() -> Component:
    return html.Div(className="submit-outcome", **part("outcome"))


def _side() -> Component:
    return html.Div(
        [
            panel(
                "Which workers would take it",
                "By its type and requirements, as the fleet is now",
                html.Div(className="match", **part("match")),
            ),
            panel(
                "What is sent",
                "The body of POST /api/jobs",
                html.Pre(
                    className="preview mono",
                    tabIndex=0,
                    role="region",
                    **part("preview"),
                    **_label("What is sent"),
                ),
            ),
        ],
        className="submit-side",
        **part("side"),
    )


def _has_job_page() -> bool:
    return any(page["path_template"] == JOB_PATH for page in dash.page_registry.values())


def _pressed(name: str) -> dict[str, Any]:
    return {"data-form": name, "aria-pressed": "true" if name == "job" else "false"}


def _label(text: str) -> dict[str, Any]:
    return {"aria-label": text}
