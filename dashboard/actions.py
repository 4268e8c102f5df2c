"""What an operator may do from any page, as one Dash callback.

JavaScript writes `{id, name, targets}` into the store ids.ACTION (`jobhub.actions.run` does, one
after the other), the callback asks the hub, and ids.ACTION_RESULT says what came of it. Nothing that
the page says is trusted: the hub checks every id and every state again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Annotated, Any, Final

import msgspec
from dash import Dash, Input, Output, no_update
from msgspec import Meta

from dashboard import ids
from dashboard.hub_client import HubApi, HubRefused, HubUnreachable, segment
from hub.decoding import invalid_field
from hub.errors import Forbidden, InvalidInput

TARGETS_MAX: Final = 500  # what a table of the Live page can select
_AT_ONCE: Final = 8


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One press of a button. `id` tells presses apart; `targets` are job, worker or queue names."""

    id: str
    name: str
    targets: Annotated[list[str], Meta(min_length=1, max_length=TARGETS_MAX)]


class Outcome(msgspec.Struct, frozen=True):
    """What came of an action; `failures` holds a sentence a target, in the hub's words."""

    id: str
    name: str
    targets: list[str]
    done: int
    failures: list[str]


_PATHS: Final[dict[str, Callable[[str], str]]] = {
    "cancel_job": lambda target: f"/api/jobs/{segment(target)}/cancel",
    "retry_job": lambda target: f"/api/jobs/{segment(target)}/retry",
    "pause_queue": lambda target: f"/api/queues/{segment(target)}/pause",
    "resume_queue": lambda target: f"/api/queues/{segment(target)}/resume",
    "drain_worker": lambda target: f"/api/workers/{segment(target)}/drain",
    "resume_worker": lambda target: f"/api/workers/{segment(target)}/resume",
}


def register_actions(app: Dash, hub: HubApi) -> None:
    """Add the callback."""

    @app.callback(
        Output(ids.ACTION_RESULT, "data"),
        Input(ids.ACTION, "data"),
        prevent_initial_call=True,
    )
    def act(data: Any) -> Any:
        if data is None:
            return no_update
        try:
            action = msgspec.convert(data, Action)
        except msgspec.ValidationError as error:
            raise invalid_field(str(error)) from None
        return msgspec.to_builtins(perform(hub, action))


def perform(hub: HubApi, action: Action) -> Outcome:
    """Ask the hub for every target; one that fails leaves the others alone.

    Raises: InvalidInput: no action has that name.
    """
    path_of = _PATHS.get(action.name)
    if path_of is None:
        raise InvalidInput("no action has that name", field="name")

    def ask(target: str) -> str | None:
        try:
            hub.post(path_of(target))
        except HubRefused as error:
            return f"{target}: {error.message}"
        except (HubUnreachable, Forbidden) as error:
            return error.message
        return None

    with ThreadPoolExecutor(min(_AT_ONCE, len(action.targets))) as pool:
        # A context each: what is asked in a thread is asked for whoever pressed the button.
        asked = [pool.submit(copy_context().run, ask, target) for target in action.targets]
        answers = [future.result() for future in asked]
    failures = [answer for answer in answers if answer is not None]
    return Outcome(action.id, action.name, action.targets, len(answers) - len(failures), failures)
