"""Every id that two files share. JavaScript reads the same words; tests/dashboard holds them together."""

from __future__ import annotations

from typing import Final

STREAM: Final = "stream"  # the EventStream component, above all pages
LOCATION: Final = "_pages_location"  # Dash Pages' own: dash.dash._ID_LOCATION
ACTION: Final = "operator-action"  # store: what an operator asks for, written by assets/js
ACTION_RESULT: Final = "operator-action-result"  # store: what came of it
SINK: Final = "sink"  # store: where clientside callbacks put an answer that nobody needs
FAILURE: Final = "hub-failure"  # the banner that goes once the page is live
NAVIGATION: Final = "navigation"
