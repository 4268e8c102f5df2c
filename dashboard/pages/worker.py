"""One worker: its record, what its slots did in the last hour, its figures, its jobs.

The server reads the jobs of the last hour and the figures once a view; record, lanes and jobs then
follow the store (assets/js/83_worker_jobs.js and on).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from dash import Dash, dcc, html
from dash.development.base_component import Component

from dashboard.analytics.worker_figures import worker_figures
from dashboard.components.panel import panel
from dashboard.components.states import empty_state
from dashboard.components.widget import Widget, part
from dashboard.hub_client import HubApi, HubRefused, segment
from dashboard.viewer import viewers_zone
from hub.errors import JobhubError

if TYPE_CHECKING:
    pass

PATH: Final = "/workers/<worker_id>"
NAME: Final = "Worker"
IN_NAVIGATION: Final = False

LANES_S: Final = 3_600
JOBS_MAX: Final = 500  # bars; a busier worker shows a shorter time
_ERROR_CHARS: Final = 300
_KEPT: Final = (
    "job_id",
    "job_type",
    "status",
    "rev",
    "worker_id",
    "attempt",
    "assigned_at",
    "started_at",
    "finished_at",
    "wait_ms",
    "run_ms",
    "progress",
)
_OUTCOMES: Final = (
    ("completed", "Completed"),
    ("failed", "Failed (whole height)"),
    ("cancelled", "Cancelled"),
    ("in_progress", "Running"),
)


def layout(hub: HubApi, worker_id: str = "", **variables: str) -> Component:
    """Build the page of one worker."""
    worker_id = unquote(worker_id)
    now_ms = time.time_ns() // 1_000_000
    try:
        worker = hub.get(f"/api/workers/{segment(worker_id)}")
        jobs = read_jobs(hub, worker_id, now_ms)
        figures = worker_figures(hub, worker_id, variables, now_ms, viewers_zone())
    except HubRefused as error:
        return _nothing(f"No worker {_clipped(worker_id)}", f"The hub says: {error.message}.")
    except JobhubError as error:
        return _nothing("No answer", error.message)
    return html.Div(
        Widget(
            "worker_page",
            [_head(worker_id), _record(), _lanes(), figures, _jobs(worker_id)],
            className="worker-page",
            options={"worker": worker, "jobs": jobs, "lanes_s": LANES_S, "jobs_max": JOBS_MAX},
        ),
        className="page",
    )


def register(app: Dash, hub: HubApi) -> None:
    """Nothing to call back: actions are the shell's, the rest is drawn in the browser."""


def read_jobs(hub: HubApi, worker_id: str, now_ms: int) -> list[dict[str, Any]]:
    """Read what the worker has in hand and its newest finished jobs, at most `JOBS_MAX` of each.

    Raises: HubUnreachable, HubRefused.
    """
    held = {"worker_id": worker_id, "status": "assigned,in_progress", "limit": JOBS_MAX}
    finished = {
        "worker_id": worker_id,
        "status": "completed,failed,cancelled",
        "sort": "finished_at",
        "limit": JOBS_MAX,
    }
    pages = (hub.get("/api/jobs", query)["jobs"] for query in (held, finished))
    return [_slim(job) for page in pages for job in page]


def _slim(job: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: job[name] for name in _KEPT if name in job}
    if "error" in job:
        error = job["error"]
        kept["error"] = {
            "type": error["type"],
            "message": error.get("message", "")[:_ERROR_CHARS],
        }
    return kept


def _nothing(title: str, sentence: str) -> Component:
    return html.Div(
        empty_state(title, sentence, link=("To all workers", "/workers")), className="page"
    )


def _clipped(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _head(worker_id: str) -> Component:
    return html.Div(
        [
            dcc.Link("Workers", href="/workers", className="crumb"),
            html.Span("/", className="faint", **_attributes(**{"aria-hidden": "true"})),
            html.H1(worker_id, className="page-title worker-title", title=worker_id),
            html.Span("", className="pill", **part("status")),
            html.Span("", className="page-note", **part("note")),
            html.Div(className="worker-action", **part("action")),
        ],
        className="page-head worker-head",
    )


def _record() -> Component:
    names = (
        ("slots", "Slots in use"),
        ("heard", "Heard of"),
        ("connected", "Connected since"),
        ("completed", "Done"),
        ("failed", "Failed"),
        ("version", "Version"),
        ("host", "Host"),
    )
    facts = [
        html.Div([html.Dt(label), html.Dd("–", **part(name))], className="record-fact")
        for name, label in names
    ]
    return panel(
        "Record",
        "What the worker said when it connected, and what came since",
        html.Div(
            [
                html.Dl(facts, className="record-facts"),
                html.Div(
                    [
                        html.H3("Job types", className="record-label"),
                        html.Div(className="chips", **part("types")),
                        html.H3("Capabilities", className="record-label"),
                        html.Div(className="chips", **part("capabilities")),
                    ],
                    className="record-takes",
                ),
            ],
            className="record",
        ),
    )


def _lanes() -> Component:
    legend = html.Ul(
        [
            html.Li([html.Span(className=f"lane-key lane-{status}"), html.Span(label)])
            for status, label in _OUTCOMES
        ],
        className="legend",
    )
    marks = [
        html.Span("now" if minutes == 0 else f"{minutes} min ago")
        for minutes in (60, 45, 30, 15, 0)
    ]
    return panel(
        "Last hour",
        html.Span("A lane a slot, a bar a job", **part("lanes-note")),
        html.Div(
            [
                html.Div(className="lanes", **part("lanes")),
                html.Div(marks, className="lane-marks", **_attributes(**{"aria-hidden": "true"})),
            ],
            className="lanes-body",
        ),
        tools=legend,
        class_name="lanes-panel",
    )


def _jobs(worker_id: str) -> Component:
    titles = ("Job", "Type", "State", "Started", "Wait", "Run", "Error")
    numbers = {"Started", "Wait", "Run"}
    heads = [
        html.Th(title, scope="col", className="number" if title in numbers else "")
        for title in titles
    ]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(**part("rows"))],
        className="figures-table worker-jobs",
    )
    body = html.Div(
        [
            html.Div(
                table,
                className="table-scroll",
                tabIndex=0,
                role="region",
                **_attributes(**{"aria-label": "Jobs of this worker"}),
            ),
            html.P("It has had no job yet", className="muted table-empty", **part("empty")),
        ]
    )
    everything = dcc.Link(
        "All its jobs", href=f"/jobs?worker_id={quote(worker_id, safe='')}", className="button"
    )
    return panel(
        "Jobs", "In hand, then the newest; jobs whose last attempt was here", body, tools=everything
    )


def _attributes(**given: str) -> dict[str, Any]:
    return dict(given)
