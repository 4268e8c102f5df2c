"""Job: everything about one job on one live page.

Python builds the frame and its places; assets/js/97_job.js fills them from the hub through
dashboard/job_routes.py, and again when the stream says that the job has moved.
"""

from __future__ import annotations

from typing import Any, Final

from dash import Dash, dcc, html
from dash.development.base_component import Component

from dashboard.components.job_grid import JOB_PATH
from dashboard.components.panel import panel
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi

PATH: Final = JOB_PATH
NAME: Final = "Job"
IN_NAVIGATION: Final = False

_ACTIONS: Final = (
    ("run_now", "Run now", "Do not wait for its time"),
    ("retry", "Retry", "Start a new run"),
    ("cancel", "Cancel", "Final at once; a worker that runs it is told"),
    ("priority", "Priority", "Change its place in line"),
    ("again", "Submit again", "As a new job, with edits"),
    ("curl", "Copy as curl", "The command that submits the same job"),
    ("reload", "Reload", "Ask the hub again"),
)
_FOR_VIEWERS: Final = frozenset({"curl", "reload"})


def layout(hub: HubApi, job_id: str = "", **variables: str) -> Component:
    """Build the frame of a job's page."""
    return Widget(
        "job",
        [
            _head(),
            html.Div(className="job-gone", hidden=True, **part("gone")),
            html.Div([_life(), html.Div([_story(), _outlook()], className="job-main")], **_body()),
        ],
        className="page job",
        options={"job_id": job_id},
    )


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back: the page talks to dashboard/job_routes.py."""


def _head() -> Component:
    buttons = [
        html.Button(
            word,
            className="button" if name in _FOR_VIEWERS else "button operates",
            title=title,
            hidden=True,
            **part(name),
        )
        for name, word, title in _ACTIONS
    ]
    return html.Div(
        [
            html.Div(
                [
                    dcc.Link("Jobs", href="/jobs", className="job-up"),
                    html.H1(NAME, className="page-title", **part("title")),
                    html.Span(**part("status")),
                ],
                className="job-titles",
            ),
            html.Div(buttons, className="job-actions", role="group", **_label("This job")),
        ],
        className="job-head",
    )


def _life() -> Component:
    return panel(
        "Life",
        html.Span("\u00a0", **part("life-note")),
        html.Div(
            [
                html.Div(className="life", **part("life")),
                html.Div(className="job-progress", hidden=True, **part("progress")),
            ]
        ),
    )


def _story() -> Component:
    return html.Div(
        [
            _place("error", "Error", "Why the last attempt did not complete", hidden=True),
            _place("attempts", "Runs and attempts", "Newest first, with the worker and its fence"),
            _place("result", "Result", "What the handler returned", hidden=True),
            _place("payload", "Payload", "What the handler gets"),
            _place("log", "Log", "What the handler wrote; the newest 1,000 lines"),
        ],
        className="job-column",
    )


def _outlook() -> Component:
    return html.Div(
        [
            _place("position", "Place in line", "At the rate of the last minute", hidden=True),
            _place("facts", "Facts", "As the hub keeps them"),
            _place("requirements", "Requirements", "What a worker must have", hidden=True),
            _place("match", "Workers", "Which fit this job, and why others do not"),
            _place("siblings", "Workflow", "The jobs of the same workflow", hidden=True),
        ],
        className="job-column",
    )


def _place(name: str, title: str, subtitle: str, *, hidden: bool = False) -> Component:
    """A panel whose body JavaScript fills; one that most jobs do not have is hidden until then."""
    made = panel(title, subtitle, html.Div(className=f"job-{name}", **part(name)))
    return html.Div(made, hidden=hidden, **part(f"{name}-panel"))


def _body() -> dict[str, Any]:
    return {"className": "job-body", **part("body")}


def _label(text: str) -> dict[str, Any]:
    return {"aria-label": text}
