"""Set or end a promise to customers, beside the line that says how promises are kept."""

from __future__ import annotations

from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard.hub_client import HubApi
from hub.errors import JobhubError

_TYPE: Final = "analytics-promise-type"
_TARGET: Final = "analytics-promise-target"
_OBJECTIVE: Final = "analytics-promise-objective"
_SET: Final = "analytics-promise-set"
_ANSWER: Final = "analytics-promise-answer"


def promise_form(job_type: str) -> Component:
    """Build the form, folded. Args: job_type: what it proposes."""
    fields = [
        _field("Job type", _TYPE, type="text", value=job_type, maxlength=200),
        _field(
            "Starts within, s (empty: no promise)", _TARGET, type="number", min=0.001, max=604_800
        ),
        _field("Objective, %", _OBJECTIVE, type="number", min=1, max=99.99, value=95),
    ]
    save = html.Button("Save", id=_SET, className="button button-small", n_clicks=0)
    answer = html.Span(id=_ANSWER, role="status", className="muted")
    return html.Details(
        [
            html.Summary("Set a promise"),
            html.Div([*fields, save, answer], className="promise-form operates"),
        ],
        className="no-print",
    )


def register_promise_form(app: Dash, hub: HubApi) -> None:
    """Put what is entered, and say what the hub says."""

    @app.callback(
        Output(_ANSWER, "children"),
        Input(_SET, "n_clicks"),
        State(_TYPE, "value"),
        State(_TARGET, "value"),
        State(_OBJECTIVE, "value"),
        prevent_initial_call=True,
    )
    def set_promise(clicks: Any, job_type: Any, target_s: Any, objective: Any) -> Any:
        if not clicks:
            return no_update
        wanted = {"job_type": job_type or "", "target_s": target_s}
        if objective is not None:
            wanted["objective"] = objective / 100
        try:
            hub.put("/api/slo", wanted)
        except JobhubError as error:
            return f"{error.field}: {error.message}" if error.field else error.message
        return "Saved. It holds for jobs that become pending from now on."


def _field(label: str, id: str, **options: Any) -> Component:
    return html.Label([label, dbc.Input(id=id, **options)])
